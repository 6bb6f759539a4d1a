package bundle

import (
	"path"
	"slices"
	"strings"
)

// A Program is the rule by which the bundles of one edit program are known.
// Names are compared without regard to case.
type Program struct {
	Name string
	// Files are the extensions of its project files. The folder that one lies in is
	// the bundle.
	Files []string
	// Folders are the extensions of folders that are a bundle themselves, and
	// Inside, in order of preference, the names of the project file in them.
	Folders, Inside []string
	// Beside are folders of media that lie next to the folder of the project file:
	// where there is one, the bundle is the folder around both.
	Beside []string
	// Waste are the names of folders in which the program keeps what it can make
	// again: caches, previews, renders, proxies and its own copies of project
	// files. They are path.Match patterns.
	Waste []string
}

// Programs are the rules that are built in. What the programs call their folders
// is from their makers' manuals, in English; other languages are unverified.
func Programs() []Program {
	return []Program{
		{
			Name: "Adobe Premiere Pro", Files: []string{".prproj", ".prodset"},
			Waste: []string{
				"adobe premiere pro auto-save", "adobe premiere pro preview files", "adobe premiere pro video previews",
				"adobe premiere pro audio previews", "media cache", "media cache files", "peak files", "*.prv",
			},
		},
		{
			Name: "Final Cut Pro", Folders: []string{".fcpbundle", ".fcpxmld"},
			Inside: []string{"CurrentVersion.flexolibrary", "Info.fcpxml"},
			Waste:  []string{"render files", "transcoded media", "analysis files", "__temp", "*.fcpcache", "final cut backups*"},
		},
		{Name: "Final Cut Pro 7", Files: []string{".fcp"}, Waste: []string{"autosave vault", "audio render files", "thumbnail cache files", "waveform cache files"}},
		{
			Name: "DaVinci Resolve", Files: []string{".drp"}, Folders: []string{".dra"}, Inside: []string{"project.drp"},
			Waste: []string{"cacheclip", "proxymedia", "optimizedmedia", "resolve project backups"},
		},
		{
			Name: "Avid Media Composer", Files: []string{".avp"}, Beside: []string{"Avid MediaFiles", "OMFI MediaFiles"},
			Waste: []string{"attic", "avid attic", "searchdata", "waveformcache", "statistics", "creating", "quarantined files", "unity attic"},
		},
		{
			Name: "Adobe After Effects", Files: []string{".aep", ".aepx"},
			Waste: []string{"adobe after effects auto-save", "adobe after effects disk cache*", "*.aep logs", "media cache", "media cache files"},
		},
	}
}

// isFile reports whether name is a project file.
func (p Program) isFile(name string) bool { return hasExt(p.Files, name) }

// isFolder reports whether a folder of that name is a bundle.
func (p Program) isFolder(name string) bool { return hasExt(p.Folders, name) }

func hasExt(list []string, name string) bool {
	base := path.Base(name)
	return !hidden(base) && slices.ContainsFunc(list, func(ext string) bool {
		return len(base) > len(ext) && strings.EqualFold(path.Ext(base), ext)
	})
}

// wasted reports whether a part of name, which is relative to the bundle or to
// where bundles lie, is a folder of p that can be made again.
func (p Program) wasted(folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		low := strings.ToLower(folder)
		return slices.ContainsFunc(p.Waste, func(pattern string) bool {
			ok, err := path.Match(strings.ToLower(pattern), low)
			return ok && err == nil
		})
	})
}

// hidden covers what systems and programs keep to themselves, such as .DS_Store
// and the ._ files of macOS on foreign disks.
func hidden(base string) bool {
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "~$") || strings.EqualFold(base, "@eaDir") ||
		strings.EqualFold(base, "$RECYCLE.BIN") || strings.EqualFold(base, "System Volume Information") || strings.EqualFold(base, "#recycle")
}
