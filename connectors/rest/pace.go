package rest

import "time"

// paceOver is the time over which a rate is measured.
const paceOver = 10 * time.Second

// A pace counts the latest starts, second by second.
type pace struct {
	second [int(paceOver / time.Second)]int64 // since 1970, of each count
	starts [int(paceOver / time.Second)]int
}

func (p *pace) add(now time.Time) {
	s := now.Unix()
	i := s % int64(len(p.second))
	if p.second[i] != s {
		p.second[i], p.starts[i] = s, 0
	}
	p.starts[i]++
}

// rate is the starts per second, up to now.
func (p *pace) rate(now time.Time) float64 {
	sum := 0
	for i, s := range p.second {
		if age := now.Unix() - s; age >= 0 && age < int64(len(p.second)) {
			sum += p.starts[i]
		}
	}
	return float64(sum) / paceOver.Seconds()
}

// Rate returns how many requests per second this key has made in the last ten
// seconds, by all accounts that share it, and how many the agent may make.
func (c *Client) Rate() (used, allowed float64) {
	l := c.limit
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pace.rate(time.Now()), 1 / (aim * l.gap.Seconds())
}
