package picture

// judgeGIF walks the blocks to the trailer (GIF89a specification, section 27 and
// appendix A). A closing 0x3B alone would prove nothing: one cut in 256 has it.
func judgeGIF(f *file) error {
	head, err := f.at(0, 13)
	if err != nil {
		return err
	}
	off := 13 + colorTable(head[10])
	for {
		b, err := f.at(off, 1)
		if err != nil {
			return err
		}
		switch b[0] {
		case ';': // the trailer; what follows is an appendix
			return nil
		case '!': // an extension: its label, then sub-blocks
			off += 2
		case ',': // an image: its place, perhaps colours, the code size, then sub-blocks
			if b, err = f.at(off, 10); err != nil {
				return err
			}
			off += 10 + colorTable(b[9]) + 1
		default:
			return f.unexpected(off)
		}
		if off, err = gifData(f, off); err != nil {
			return err
		}
	}
}

// gifData steps over sub-blocks of up to 255 bytes; one of length 0 ends them.
func gifData(f *file, off int64) (int64, error) {
	for {
		b, err := f.at(off, 1)
		if err != nil {
			return 0, err
		}
		off += 1 + int64(b[0])
		if b[0] == 0 {
			return off, nil
		}
	}
}

// colorTable returns the bytes of the colour table that flags announce.
func colorTable(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}
