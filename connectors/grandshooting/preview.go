package grandshooting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/studio-agent/studio-agent/connectors"
)

// thumbnailBytes is the most that connectors.Connector.Preview may write.
const thumbnailBytes = 2 << 20

// preview writes the platform's thumbnail of a picture ("url of thumbnail",
// "Get picture"). It lies on another host than the API, which must be one of the
// account's hosts; no document names it, and the one in the example looks made
// up. What the host says of the kind of file is not believed.
//
// The error wraps connectors.ErrRejected where there is no thumbnail, or none
// that may be shown.
func (a *account) preview(ctx context.Context, photo connectors.Receipt, w io.Writer) error {
	if photo.ID == "" {
		return fmt.Errorf("%s is not seen on the platform yet; its thumbnail is asked for when it is", photo.Name)
	}
	var pic Picture
	if err := a.client.get(ctx, "/picture/"+url.PathEscape(photo.ID), &pic); err != nil {
		return err
	}
	if pic.Thumbnail == "" {
		return connectors.Rejected("Grand Shooting has no thumbnail of picture %s yet", photo.ID)
	}
	image, err := a.client.outside.get(ctx, pic.Thumbnail, thumbnailBytes, http.Header{"Accept": {"image/jpeg, image/png"}})
	switch kind := http.DetectContentType(image); {
	case errors.Is(err, connectors.ErrRejected):
		return connectors.Rejected("the thumbnail of picture %s cannot be shown: %w", photo.ID, err)
	case err != nil:
		return fmt.Errorf("reading the thumbnail of picture %s: %w", photo.ID, err)
	case kind != "image/jpeg" && kind != "image/png":
		return connectors.Rejected("the thumbnail of picture %s is %s, and neither JPEG nor PNG", photo.ID, kind)
	}
	_, err = w.Write(image)
	return err
}
