package inbound

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"testing"
	"time"

	"golang.org/x/image/tiff"

	"github.com/studio-agent/studio-agent/connectors"
	"github.com/studio-agent/studio-agent/connectors/faults"
	"github.com/studio-agent/studio-agent/connectors/memory"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func tiffOf(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, tiff.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil))
	return b.Bytes()
}

// bomb is a PNG of a few bytes that claims to be 30000 x 30000.
func bomb() []byte {
	chunk := func(kind string, data []byte) []byte {
		body := append([]byte(kind), data...)
		out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		return binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
	}
	head := append([]byte{0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30}, 8, 2, 0, 0, 0)
	return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Join([][]byte{chunk("IHDR", head), chunk("IDAT", make([]byte, 64)), chunk("IEND", nil)}, nil)...)
}

// What is not whole is asked for again for some minutes, then a person is told;
// nothing of it is ever seen in the folder.
func TestWhatIsNotWholeNeverLands(t *testing.T) {
	cut := append([]byte(nil), tiffOf(t)...)
	clear(cut[len(cut)/2:]) // it has the right size
	for name, c := range map[string]struct {
		file    string
		content []byte
		why     string
	}{
		"a truncated TIFF of the right size": {"0001.tif", cut, "0001.tif is not whole"},
		"a JPEG that ends early":             {"0001.jpg", sized(200, 200, 1)[:3000], "0001.jpg is not whole"},
		"an image bomb":                      {"0001.png", bomb(), "0001.png: the picture cannot be opened"},
		"a page that says no":                {"0001.jpg", []byte("<html>please log in</html>"), "not a picture"},
		"nothing at all":                     {"0001.jpg", []byte{}, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.sent("one", "0001.CR3")
				r.remote.Offer(connectors.Retouch{ID: "v1", Name: c.file}, c.content)
				r.start()
				pass(5 * time.Second)
				r.wantState("v1", ledger.Queued, c.why)
				pass(time.Hour)
				r.wantState("v1", ledger.Parked, "ask the retoucher to upload it again")
				r.wantFiles("retouched", nil)
				if n := r.tap.fetched(); n != triesOfTorn {
					t.Errorf("it was fetched %d times, want %d", n, triesOfTorn)
				}
				whole := photo(1) // and the retoucher does
				r.remote.Withdraw(c.file)
				r.remote.Return("0001.jpg", whole)
				pass(2 * time.Minute)
				r.wantFiles("retouched", map[string][]byte{"0001.jpg": whole})
			})
		})
	}
}

func TestListingsThatLieAboutSize(t *testing.T) {
	content := photo(1)
	for _, size := range []int64{int64(len(content)) - 1, int64(len(content)) + 1, 1 << 40} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.sent("one", "0001.CR3")
				r.remote.Offer(connectors.Retouch{ID: "v1", Name: "0001.jpg", Size: size}, content)
				r.start()
				pass(5 * time.Second)
				r.wantState("v1", ledger.Queued, "the listing is wrong")
				pass(time.Hour)
				r.wantState("v1", ledger.Parked, "the listing is wrong")
				r.wantFiles("retouched", nil)
			})
		})
	}
}

func TestASizeThatNobodyKnows(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sent("one", "0001.CR3")
		content := photo(1)
		r.remote.Offer(connectors.Retouch{ID: "v1", Name: "0001.jpg", Size: -1}, content)
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestAFileThatGrowsWhileItIsFetched(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		longer := append(append([]byte(nil), content...), "and more"...)
		r.tap.onFetch = func(rt connectors.Retouch, w io.Writer) (bool, error) {
			if rt.Size != int64(len(content)) {
				return false, nil
			}
			r.remote.Return("0001.jpg", longer)
			_, err := w.Write(longer)
			return true, err
		}
		r.start()
		pass(4 * time.Second)
		r.wantState(id("0001.jpg", content), ledger.Queued, "it is being written")
		r.wantFiles("retouched", nil)
		pass(5 * time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": longer})
		r.wantState(id("0001.jpg", content), ledger.Superseded, "")
	})
}

func TestAFetchThatNeverEndsIsEnded(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		given := 0
		r.tap.onFetch = func(_ connectors.Retouch, w io.Writer) (bool, error) {
			for given = 0; given < 1<<20; given += 64 {
				if _, err := w.Write(make([]byte, 64)); err != nil {
					return true, err
				}
			}
			return true, nil
		}
		r.start()
		pass(4 * time.Second)
		r.wantState(id("0001.jpg", content), ledger.Queued, "gave more")
		if given > len(content) {
			t.Errorf("%d bytes were taken of a file of %d", given, len(content))
		}
	})
}

func TestACutFetchIsTriedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.plan.Then(memory.OpFetch, faults.Fault{Cut: 50}, faults.Fault{Cut: int64(len(content)) - 1}, faults.Fault{Status: 500})
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestARefusalIsHeld(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		content := r.offers("0001.jpg", 1)
		r.plan.Then(memory.OpFetch, faults.Fault{Status: 403})
		r.collect()
		r.wantState(id("0001.jpg", content), ledger.Parked, "403")
		r.retry(id("0001.jpg", content))
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestPicturesThatAreNotWhatWasAsked(t *testing.T) {
	for _, c := range []struct {
		want connectors.Specification
		why  string
	}{
		{connectors.Specification{MinWidth: 3000, MinHeight: 4000}, "60 x 40 pixels, wanted at least 3000 x 4000"},
		{connectors.Specification{MaxWidth: 50}, "wanted at most 50 wide"},
		{connectors.Specification{Profiles: []string{"sRGB IEC61966-2.1"}}, "no ICC profile, wanted sRGB IEC61966-2.1"},
		{connectors.Specification{Formats: []string{"tiff", "psd"}}, "jpeg, wanted tiff or psd"},
		{connectors.Specification{Bits: 16}, "8 bits per channel, wanted 16"},
		{connectors.Specification{MaxBytes: 10}, "bytes, wanted at most 10"},
	} {
		for _, platform := range []bool{false, true} {
			t.Run(c.why, func(t *testing.T) {
				inBubble(t, func(t *testing.T, r *rig) {
					out := r.sent("one", "0001.CR3")
					r.with(func(col *Collector) {
						if !platform {
							col.Imports[0].Expect = c.want
							return
						}
						col.Imports[0].Specify = func(_ context.Context, j ledger.Job) (connectors.Specification, error) {
							if j.ID != out.ID {
								t.Errorf("asked for %s, want %s", j.ID, out.ID)
							}
							return c.want, nil
						}
					})
					content := sized(60, 40, 1)
					r.remote.Return("0001.jpg", content)
					r.collect()
					j := r.wantState(id("0001.jpg", content), ledger.Parked, c.why)
					r.wantFiles("retouched", nil)
					_, err := r.ledger.Record(j, ledger.Event{What: ledger.Retried, At: time.Now(), Forced: true})
					must(t, err)
					pass(time.Second)
					r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
				})
			})
		}
	}
}

func TestAPlatformThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		asked := 0
		r.with(func(c *Collector) {
			c.Imports[0].Specify = func(context.Context, ledger.Job) (connectors.Specification, error) {
				if asked++; asked < 3 {
					return connectors.Specification{}, errors.New("the platform is away")
				}
				return connectors.Specification{}, nil
			}
		})
		content := r.offers("0001.jpg", 1)
		r.start()
		pass(2 * time.Second)
		r.wantState(id("0001.jpg", content), ledger.Queued, "the platform is away")
		pass(time.Minute)
		r.wantFiles("retouched", map[string][]byte{"0001.jpg": content})
	})
}

func TestNotesBesideAPictureNeedNoPixels(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.with(func(c *Collector) { c.Imports[0].Expect = connectors.Specification{MinWidth: 100} })
		r.sent("one", "0001.CR3")
		r.remote.Return("0001.xmp", []byte("<x/>"))
		r.collect()
		r.wantFiles("retouched", map[string][]byte{"0001.xmp": []byte("<x/>")})
	})
}

// A retoucher who uploads a file again while it is fetched is no trouble of the
// account.
func TestAFileThatChangedSinceItWasListedIsFetchedAgainAndClosesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.sent("one", "0001.CR3")
		changes := 6
		r.tap.onFetch = func(connectors.Retouch, io.Writer) (bool, error) {
			changes--
			return changes >= 0, fmt.Errorf("fetch 0001.jpg: %w", connectors.ErrChanged)
		}
		r.remote.Return("0001.jpg", sized(200, 200, 1))
		r.start()
		for range 600 {
			time.Sleep(time.Second)
			if reason, _, _ := r.collector.Gate.State(time.Now()); reason != "" {
				t.Fatalf("the account is closed: %s", reason)
			}
		}
		if landed, err := r.ledger.LandedAs(t.Context(), r.folder, "0001.jpg"); err != nil || len(landed) != 1 {
			t.Errorf("landed %v, %v; want it once", landed, err)
		}
		if changes >= 0 {
			t.Errorf("%d changes were never met", changes+1)
		}
	})
}
