package grandshooting

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// editOptions are the keys of edit, as "Send picture to edit" names them.
// Which of the two paths the platform writes is confirmed nowhere: paths says it.
type editOptions struct {
	Transfer any    `yaml:"transfer"`       // number of an FTP transfer set up in Grand Shooting
	GetPath  string `yaml:"get_path"`       // on that FTP: where the platform looks for retouches
	PutPath  string `yaml:"put_path"`       // on that FTP: where the platform puts what is to be retouched
	Code     string `yaml:"provision_code"` // the service, which is a folder name (public)
	Account  any    `yaml:"account_id"`     // number of the retoucher's account
	// Paths is platform (default) or vendor. vendor is for a platform that reads
	// the same words from the retoucher's side: get_path is then sent as put_path,
	// and put_path as get_path.
	Paths string `yaml:"paths"`
	// Export is after to start the export when all that was ordered is back, and
	// empty (default) to leave that to a person.
	Export string `yaml:"export"`
}

// A route is how pictures get to a retoucher: the fields of an edit call.
type route struct {
	transfer, account string // numbers; account may be empty
	get, put, code    string // as they are sent; may be empty
	export            bool
}

// newRoute checks opt, which may be nil, of a bench that is otherwise t.
func newRoute(opt *editOptions, t target) (*route, error) {
	if opt == nil {
		return nil, nil
	}
	if t.step != captureStep {
		return nil, fmt.Errorf("only what is sent to step %d (capture) can be sent to edit, and this bench sends to %d", captureStep, t.step)
	}
	r := &route{transfer: plain(opt.Transfer), account: plain(opt.Account), export: opt.Export == "after"}
	if r.transfer == "" {
		return nil, errors.New("transfer is required: the number of the FTP transfer set up in Grand Shooting")
	}
	if err := checkTransfer(r.transfer); err != nil {
		return nil, fmt.Errorf("transfer: %w", err)
	}
	if _, err := strconv.ParseUint(r.account, 10, 63); r.account != "" && err != nil {
		return nil, fmt.Errorf("account_id: %q is no number", r.account)
	}
	if opt.Export != "" && !r.export {
		return nil, fmt.Errorf("export: %q is not known; write after, or leave it out", opt.Export)
	}
	if r.export && !t.imports {
		return nil, errors.New("export: after waits for what this bench imports, and it imports nothing from this account")
	}
	var err error
	if r.get, err = remotePath(opt.GetPath); err != nil {
		return nil, fmt.Errorf("get_path: %w", err)
	}
	if r.put, err = remotePath(opt.PutPath); err != nil {
		return nil, fmt.Errorf("put_path: %w", err)
	}
	if r.code, err = remotePath(opt.Code); err != nil || strings.Contains(r.code, "/") {
		return nil, fmt.Errorf("provision_code: %q must be the name of one folder", opt.Code)
	}
	switch opt.Paths {
	case "", "platform":
	case "vendor":
		r.get, r.put = r.put, r.get
	default:
		return nil, fmt.Errorf("paths: %q is neither platform nor vendor", opt.Paths)
	}
	return r, nil
}

func plain(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// remotePath checks a folder on the FTP and spells it in NFC.
func remotePath(name string) (string, error) {
	drive := len(name) > 1 && name[1] == ':' && unicode.IsLetter(rune(name[0]))
	switch {
	case name == "":
		return "", nil
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", fmt.Errorf("%q holds a control character or is not valid UTF-8", name)
	case strings.Contains(name, `\`):
		return "", fmt.Errorf(`%q holds a \; write / between folders`, name)
	case drive || !fs.ValidPath(name) || name == ".":
		return "", fmt.Errorf("%q must be a folder inside of what the FTP account sees, such as studio/out: no / at its ends, no .., no drive", name)
	}
	return norm.NFC.String(name), nil
}

// fields are the body of an edit call for these pictures.
func (r *route) fields(pictures []ID) map[string]any {
	fields := map[string]any{"picture_ids": pictures, "transfer_id": ID(r.transfer)}
	for name, value := range map[string]string{"get_path": r.get, "put_path": r.put, "provision_code": r.code} {
		if value != "" {
			fields[name] = value
		}
	}
	if r.account != "" {
		fields["account_id"] = ID(r.account)
	}
	return fields
}
