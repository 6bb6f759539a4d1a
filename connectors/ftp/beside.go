package ftp

import "context"

// inTwo does first, between and second. First and second have the session for
// themselves. During between, which writes to the disk here for longer than a small
// photo is on its way, others use the session for photos of theirs. What may take
// long waits until second is over: no photo that only lacks its name ever waits for
// a film. If the session has ended meanwhile, second gets another.
func (p *pool) inTwo(ctx context.Context, when stage, first func(*session) error, between func() error, second func(*session) error) error {
	var on *session
	err := p.with(ctx, when, func(s *session) error {
		s.handed.RLock()
		err := s.speak(ctx, first)
		if on = s; err != nil {
			s.handed.RUnlock()
		}
		return err
	})
	if err != nil {
		return err
	}
	err = between()
	if err == nil && (on.fresh() || on.alive(ctx)) {
		defer on.handed.RUnlock()
		return judge(on.speak(ctx, second), when)
	}
	on.handed.RUnlock()
	if err != nil {
		return err
	}
	return p.do(ctx, when, second)
}
