package bundle

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Medium says what sort of medium a file of b is, also one that has only just
// come, or in a clause why it counts as none. name is that of an Entry below Root.
func (b Bundle) Medium(name string) (kind Kind, why string) {
	if name == b.Project.Name {
		return "", "it is the project file"
	}
	if folder := b.waste(name); folder != "" {
		return "", fmt.Sprintf("it lies in %s, where %s keeps what it can make again", folder, b.Program)
	}
	if hidden(path.Base(name)) {
		return "", "it is hidden"
	}
	if kind = KindOf(name); kind == "" {
		return "", "it is neither video, audio nor image by its name"
	}
	return kind, ""
}

// waste is the folder on the way from Root to name of which nothing counts, or "".
func (b Bundle) waste(name string) string {
	for _, folder := range foldersOf(strings.TrimPrefix(name, b.Root+"/")) {
		one := []string{folder}
		if hidden(folder) || slices.ContainsFunc(b.used, func(p Program) bool { return p.wasted(one) }) {
			return folder
		}
	}
	return ""
}

// Title is what a bundle is called: its folder, without the end that makes a folder
// a bundle. root may be a whole path, of any system.
func Title(root string) string {
	name := path.Base(strings.ReplaceAll(root, `\`, "/"))
	for _, p := range Programs() {
		if p.isFolder(name) {
			return strings.TrimSuffix(name, path.Ext(name))
		}
	}
	return name
}
