package ftp

import (
	"context"
	"fmt"
	"strings"

	"github.com/studio-agent/studio-agent/connectors"
)

// marker is the end of the name of the empty file that says, on a server that
// refuses to rename, that the file of the name before it is complete.
const marker = ".done"

// direct sends the photo under its final name and its marker last. That it is
// being sent is on disk before, so that a half file is known as ours.
func (d *delivery) direct(ctx context.Context) (connectors.Receipt, error) {
	if err := connectors.CheckName(d.name + marker); err != nil {
		return connectors.Receipt{}, err // too long
	}
	begun, err := d.book.memory.Recall(directKey + d.photo.ID)
	if err != nil {
		return connectors.Receipt{}, err
	}
	_, marked, err := d.stat(d.final() + marker)
	if err != nil {
		return connectors.Receipt{}, err
	}
	if begun == "" || marked || !d.isHalf() {
		receipt, _, err := d.look(ctx)
		if err != nil || !receipt.Zero() && marked {
			return receipt, err
		}
	}
	if err := d.makeFolders(); err != nil {
		return connectors.Receipt{}, err
	}
	body, err := d.open() // before publish: what cannot be read was never on its way
	if err != nil {
		return connectors.Receipt{}, err
	}
	body.Close()
	if err := d.book.memory.Keep(directKey+d.photo.ID, "begun"); err != nil {
		return connectors.Receipt{}, err
	}
	if err := d.publish(); err != nil {
		return connectors.Receipt{}, err
	}
	if marked {
		if err := d.remove(d.final() + marker); err != nil {
			return connectors.Receipt{}, fmt.Errorf("the marker of the earlier version cannot be removed: %w", err)
		}
	}
	return d.straight(ctx)
}

// isHalf reports whether what stands under the final name is the beginning of
// the photo, as a broken try leaves it.
func (d *delivery) isHalf() bool {
	body, err := d.open()
	if err != nil {
		return false
	}
	defer body.Close()
	_, err = d.retr(d.final(), 0, &same{body})
	return err == nil
}

func (d *delivery) straight(ctx context.Context) (connectors.Receipt, error) {
	sum, err := d.send(ctx, d.final(), 0)
	if refusedName(err) && d.isWelcome() {
		return connectors.Receipt{}, badName(err, d.name)
	}
	if err == nil {
		err = d.verify(d.final())
	}
	if err != nil {
		return connectors.Receipt{}, err
	}
	when, err := d.date(d.final(), d.photo.ModTime)
	if err != nil {
		return connectors.Receipt{}, err
	}
	receipt := receiptOf(d.name, entry{size: d.photo.Size, time: when}, sum)
	if err := d.heard.told(d.conn.Stor(d.final()+marker, strings.NewReader(""))); err != nil {
		return connectors.Receipt{}, fmt.Errorf("the marker cannot be written: %w", err)
	}
	if d.photo.Published {
		d.remove(d.part(d.final(), d.photo.ID)) // of a try that wanted to rename
	}
	return receipt, d.book.memory.Keep(directKey+d.photo.ID, "")
}

// isWelcome reports whether a harmless name is welcome where the photo's is not.
func (d *delivery) isWelcome() bool {
	probe := d.part(d.final(), d.photo.ID)
	err := d.heard.told(d.conn.Stor(probe, strings.NewReader("")))
	if err == nil {
		d.remove(probe)
	}
	return err == nil
}
