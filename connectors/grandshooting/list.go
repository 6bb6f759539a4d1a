package grandshooting

import (
	"context"
	"encoding/json"
	"path"
	"strings"
	"time"

	"github.com/studio-agent/studio-agent/connectors"
)

// listAll says which pictures are on a bench, each under the name that it was
// sent with: without the folders that the platform may put before it.
func (a *account) listAll(ctx context.Context, bench string) ([]connectors.Receipt, error) {
	t, err := a.target(bench)
	if err != nil {
		return nil, err
	}
	found, err := a.benches.find(ctx, t, time.Time{})
	if err != nil {
		return nil, err
	}
	var there []connectors.Receipt
	err = a.client.pages(ctx, pictureListing(found.ID, nil), func(rows []json.RawMessage) error {
		pics, err := decodePictures(rows)
		for _, pic := range pics {
			there = append(there, connectors.Receipt{ID: string(pic.ID), Name: sentName(pic), Link: pic.Thumbnail, Size: int64(pic.Filesize)})
		}
		return err
	})
	return there, err
}

// sentName undoes what mayBe allows the platform to do to a path.
func sentName(pic Picture) string {
	parts := strings.Split(path.Dir(strings.TrimPrefix(pic.Path, "/")), "/")
	if uuidShape.MatchString(parts[0]) {
		parts = parts[1:]
		if len(parts) > 0 && parts[0] == "JPG" {
			parts = parts[1:]
		}
	}
	return path.Join(append(parts, pic.Smalltext)...)
}
