package page

import (
	"fmt"
	"maps"
)

// text returns one of the page's texts, with its arguments put in as by
// fmt.Sprintf. Whoever translates the page translates these tables.
func text(key string, args ...any) (string, error) {
	format, ok := english[key]
	if !ok {
		return "", fmt.Errorf("the page has no text %q", key)
	}
	if len(args) == 0 {
		return format, nil
	}
	return fmt.Sprintf(format, args...), nil
}

var english = merge(shellTexts, benchTexts, accountTexts, taskTexts, receivedTexts, projectTexts, fileTexts)

func merge(tables ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, table := range tables {
		maps.Copy(all, table)
	}
	return all
}
