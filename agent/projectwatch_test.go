package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/sync/ledger"
)

func TestAProjectIsRegisteredOnceItHasComeToRestAndItsMediaGo(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.write("Spot/clip.mov", "Spot/Footage/voice.wav", "elsewhere/x.mov")
		r.start()
		if !r.folder.projects.busy() {
			r.Error("it has looked at once")
		}
		r.pass(time.Minute)
		r.want()
		r.wantWhy("Spot/clip.mov", "it lies in no edit project")
		if r.folder.projects.busy() {
			r.Error("there is something to do")
		}
		r.write("Spot/Spot.prproj")
		r.pass(3 * time.Second)
		r.want()
		if !r.folder.projects.busy() {
			r.Error("nobody waits for the project to come to rest")
		}
		r.wantWhy("Spot/clip.mov", "is still being written")
		r.pass(time.Minute)
		r.want("Spot")
		if r.woken != 1 {
			r.Errorf("the account was woken %d times", r.woken)
		}
		r.wantJobs(`Spot/Footage/voice.wav of "Spot"`, `Spot/clip.mov of "Spot"`)
		r.wantWhy("Spot/Spot.prproj", "it is the project file")
		r.wantWhy("Spot/notes.txt", "neither video, audio nor image")
		r.wantWhy("Spot/clip.mov", "")

		// more media, each as it comes, also after the next start
		r.write("Spot/Footage/B/late.mov")
		r.pass(time.Minute)
		r.start()
		r.write("Spot/later.mov")
		r.pass(time.Minute)
		r.wantJobs(`Spot/Footage/B/late.mov of "Spot"`, `Spot/Footage/voice.wav of "Spot"`, `Spot/clip.mov of "Spot"`, `Spot/later.mov of "Spot"`)
		r.want("Spot")
	})
}

func TestOnlyTheMediaOfLinkGo(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.cfg.Include, r.cfg.Exclude = []string{"**/*.mov"}, []string{"**/Exports"}
		r.write("Spot/Spot.drp", "Spot/clip.mov", "Spot/voice.wav", "Spot/Exports/final.mov")
		r.start()
		r.pass(time.Minute)
		r.wantJobs(`Spot/clip.mov of "Spot"`)
		r.wantWhy("Spot/voice.wav", "not in `link.include`")
		r.wantWhy("Spot/Exports/final.mov", "excluded by `link.exclude: **/Exports`")
	})
}

// A renamed project stays registered where it was; what a person says then counts.
func TestARenamedProjectIsNotRegisteredAgain(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.write("Spot/Spot.prproj", "Spot/clip.mov")
		r.start()
		r.pass(time.Minute)
		r.registered("Spot")
		r.rename("Spot", "Spot final")
		r.pass(time.Minute)
		r.write("Spot final/new.mov")
		r.start()
		r.pass(time.Minute)
		r.want("Spot")
		r.wantJobs(`Spot/clip.mov of "Spot"`)
		for _, text := range []string{r.life("Spot"), r.folder.projects.why("Spot final/new.mov"), r.folder.status(time.Now()).Waiting[0].Reason} {
			if !strings.Contains(text, "its folder Spot is called Spot final now") || !strings.Contains(text, "studio-agent project register") {
				r.Errorf("it is told by %q", text)
			}
		}

		r.rename("Spot final", "Spot")
		r.pass(time.Minute)
		r.wantJobs(`Spot/clip.mov of "Spot"`, `Spot/new.mov of "Spot"`)
		if life := r.life("Spot"); !strings.Contains(life, "is called Spot again") || len(r.folder.status(time.Now()).Waiting) != 0 {
			r.Errorf("its life is %s", life)
		}

		r.rename("Spot", "Spot final")
		r.pass(time.Minute)
		if _, err := r.folder.projects.registerAnew(r.Context(), r.at("Spot final")); err != nil {
			r.Fatal(err)
		}
		r.pass(time.Minute)
		r.want("Spot", "Spot final")
		r.wantJobs(`Spot final/clip.mov of "Spot final"`, `Spot final/new.mov of "Spot final"`, `Spot/clip.mov of "Spot"`, `Spot/new.mov of "Spot"`)
	})
}

// What the account has not heard of yet is simply called otherwise.
func TestAProjectThatIsRenamedBeforeItIsRegistered(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.write("Spot/Spot.prproj")
		r.start()
		r.pass(time.Minute)
		r.want("Spot")
		r.rename("Spot", "Film")
		r.pass(time.Minute)
		r.want("Film")
		r.rename("Film", "Spot")
		r.pass(time.Minute)
		r.want("Spot")
		if r.woken != 3 {
			r.Errorf("the account was woken %d times", r.woken)
		}
	})
}

func TestAProjectThatLeavesIsToldOfAndGoesOnWhenItIsBack(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.write("Spot/Spot.prproj", "Other/Other.prproj")
		r.start()
		r.pass(time.Minute)
		r.registered("Spot")
		aside := filepath.Join(r.TempDir(), "aside")
		if err := os.Rename(r.at("Spot"), aside); err != nil {
			r.Fatal(err)
		}
		r.pass(time.Minute)
		if life := r.life("Spot"); !strings.Contains(life, "its folder Spot has left") {
			r.Errorf("its life is %s", life)
		}
		if w := r.folder.status(time.Now()).Waiting; len(w) != 1 || w[0].Name != "Spot/" || w[0].Held {
			r.Errorf("waiting is %+v", w)
		}
		if err := os.Rename(aside, r.at("Spot")); err != nil {
			r.Fatal(err)
		}
		r.write("Spot/new.mov")
		r.pass(time.Minute)
		if life := r.life("Spot"); !strings.Contains(life, "its folder Spot is back") {
			r.Errorf("its life is %s", life)
		}
		r.want("Other", "Spot")
		r.wantJobs(`Spot/new.mov of "Spot"`)
	})
}

// A share that is away, or shows nothing at all, has not lost its projects.
func TestAnEmptyFolderSaysNothing(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.write("Spot/Spot.prproj")
		r.start()
		r.pass(time.Minute)
		r.registered("Spot")
		if err := os.Rename(r.at("Spot"), filepath.Join(r.TempDir(), "aside")); err != nil {
			r.Fatal(err)
		}
		r.pass(time.Minute)
		if life := r.life("Spot"); strings.Contains(life, "has left") {
			r.Errorf("its life is %s", life)
		}
	})
}

func TestProjectsFromBeforeTheAgent(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.cfg.Existing = config.Existing{Ignore: true}
		r.write("Old/Old.prproj", "Old/clip.mov")
		r.start()
		r.pass(time.Second)
		r.write("New/New.prproj", "New/clip.mov")
		r.pass(time.Minute)
		r.want("New")
		r.wantJobs(`New/clip.mov of "New"`)
		r.wantWhy("Old/clip.mov", "as `existing` says")
		if _, err := r.folder.projects.registerAnew(r.Context(), r.at("Old/clip.mov")); err != nil {
			r.Fatal(err)
		}
		r.pass(time.Minute)
		r.want("New", "Old")
		r.wantJobs(`New/clip.mov of "New"`, `Old/clip.mov of "Old"`)
	})
}

// The brake counts media, and holds their projects with them.
func TestTheBrakeHoldsProjectsToo(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.cfg.HoldAbove.Files = 1
		r.write("Spot/Spot.prproj", "Spot/1.mov", "Spot/2.mov", "loose.mov")
		r.start()
		r.pass(time.Minute)
		r.want()
		r.wantJobs()
		w := r.folder.status(time.Now()).Waiting
		if len(w) != 2 || !strings.Contains(w[0].Reason, "2 files") || !strings.Contains(w[0].Reason, "studio-agent release edit-1") {
			r.Fatalf("waiting is %+v", w)
		}
		f, _, err := r.ledger.FindFolder(r.Context(), r.cfg.Path)
		if f.Held = ""; err != nil || r.ledger.PutFolder(f) != nil {
			r.Fatal(err)
		}
		r.pass(time.Minute)
		r.want("Spot")
		r.wantJobs(`Spot/1.mov of "Spot"`, `Spot/2.mov of "Spot"`)
	})
}

func TestALooseProjectFileIsToldOf(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.cfg.Exclude = []string{"Template.prproj"}
		r.write("Spot.prproj", "Template.prproj")
		r.start()
		r.pass(time.Minute)
		r.want()
		if w := r.folder.status(time.Now()).Waiting; len(w) != 1 || w[0].Name != "Spot.prproj" || w[0].Reason != whyLoose {
			r.Errorf("waiting is %+v", w)
		}
		r.wantWhy("Spot.prproj", "lies in no folder of its own")
	})
}

// A project that a person had deleted is left alone, also after the next start,
// until a person has it registered again.
func TestADeletedProjectStaysSo(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.write("Spot/Spot.prproj", "Spot/clip.mov")
		r.start()
		r.pass(time.Minute)
		r.registered("Spot")
		if err := r.folder.projects.letGo(r.Context(), "Spot"); err != nil {
			r.Fatal(err)
		}
		for range 2 {
			r.write("Spot/new.mov")
			r.pass(time.Minute)
			r.want()
			r.wantJobs(`Spot/clip.mov of "Spot"`)
			r.wantWhy("Spot/new.mov", "a person had its edit project deleted at ml")
			r.start()
			r.pass(time.Minute)
		}
		if _, err := r.folder.projects.registerAnew(r.Context(), r.at("Spot")); err != nil {
			r.Fatal(err)
		}
		r.pass(time.Minute)
		r.want("Spot")
		r.wantJobs(`Spot/clip.mov of "Spot"`, `Spot/new.mov of "Spot"`)
	})
}

func TestWhatCannotBeRegistered(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.write("Spot/Spot.prproj", "elsewhere/x.mov")
		r.start()
		r.pass(time.Minute)
		for path, want := range map[string]string{
			r.at("Spot"): "is registered, or about to be", r.at("elsewhere"): "is no edit project that the agent knows", r.cfg.Path: "is no edit project", r.TempDir(): "is no edit project",
		} {
			if _, err := r.folder.projects.registerAnew(r.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
				r.Errorf("%s: %v, want %q", path, err, want)
			}
		}
	})
}

// What `plan` and `why` say of a file of which no agent has told yet.
func TestAProjectIsForeseen(t *testing.T) {
	inEditRoom(t, func(r *editRoom) {
		r.write("a/Spot/Spot.prproj", "a/Spot/clip.mov", "a/x.mov", "loose.drp")
		for _, l := range []*ledger.Ledger{nil, r.ledger} {
			p, err := newProjectWatch(r.Context(), l, r.cfg, nil)
			if err == nil {
				err = p.foresee(r.Context(), ".")
			}
			if err != nil {
				r.Fatal(err)
			}
			for name, want := range map[string]string{"a/Spot/clip.mov": "", "a/Spot/Spot.prproj": "it is the project file", "a/x.mov": "it lies in no edit project", "loose.drp": whyLoose} {
				if got := p.why(name); got != want && (want == "" || !strings.HasPrefix(got, want)) {
					r.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		}
		p, _ := newProjectWatch(r.Context(), r.ledger, r.cfg, nil)
		if err := p.foresee(r.Context(), "a"); err != nil || p.why("a/Spot/clip.mov") != "" {
			r.Errorf("of one folder alone: %v, %q", err, p.why("a/Spot/clip.mov"))
		}
	})
}
