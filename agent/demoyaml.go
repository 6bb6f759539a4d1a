package main

import (
	"fmt"
	"os"

	"github.com/studio-agent/studio-agent/agent/config"
	"github.com/studio-agent/studio-agent/connectors/all"
)

// demoYAML is what the story of a studio runs.
const demoYAML = `# The demo's agent.yaml; agent.yaml.example explains the keys.
name: demo-studio
accounts:
  platform:
    type: grandshooting
    url: https://api-13.grand-shooting.com/v2
    token: env:GS_TOKEN
    # In earnest 10 s: a platform may show a photo some time after it took it. The
    # simulated one shows it at once, and the demo must end within 90 s.
    recheck: 1s
  acme:
    type: sftp
    host: sftp.acme.example
    user: studio
    key: file:acme_key
    fingerprint: SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU
    put: /in
    get: /out
    poll: 1s                   # in earnest 60 s, as for vendor
    recheck: 1s
  vendor:
    type: ftp
    host: ftp.vendor.example
    user: studio
    password: env:FTP_PASSWORD
    tls: explicit
    put: /in
    get: /out
    layout: bench
    poll: 1s
    recheck: 1s
  pixelz:
    type: pixelz
    url: https://api.pixelz.com/REST.svc/JSON
    email: env:PIXELZ_EMAIL
    key: env:PIXELZ_KEY
    template: Green BG
    poll: 1s
    rate: 20                   # in earnest 1 request a second
    recheck: 1s
benches:
  - name: packshot-1
    production: Packshots autumn
    captures: {folder: packshot-1/captures, to: [platform]}
    # A select is dropped into the folder, or has 4 stars; a task waits for more
    # selects, in earnest 10 min.
    selects:  {folder: packshot-1/selects, to: [platform, acme], rating: 4, window: 2s, deadline: 48h}
    imports:  {folder: packshot-1/imports, from: [acme]}
  - name: packshot-2
    production: Shoes autumn
    names: '^(?P<ref>[^_]+)_[0-9]+\.jpg$'
    captures: {folder: packshot-2/captures, to: [platform]}
    selects:  {folder: packshot-2/selects, to: [vendor], window: 2s, deadline: 48h}
    imports:  {folder: packshot-2/imports, from: [vendor]}
  # Nothing goes to a retoucher by itself: the studio manager creates tasks on the
  # page, and is asked before anything lands.
  - name: packshot-3
    production: Accessories autumn
    captures: {folder: packshot-3/captures, to: [platform]}
    imports:  {folder: packshot-3/imports, from: [pixelz], import: ask}
`

// studioTale is the story of a photo studio and its retouchers.
func studioTale() tale {
	return tale{
		yaml: demoYAML,
		prologue: "Three benches with their photographers, a studio manager, the real agent and its page, a simulated Grand Shooting\n" +
			"with 5 requests a second, and three retouchers: acme behind an SFTP server, vendor behind an FTPS server, and Pixelz.\n",
		takes: "packshot-2", expected: demoPictures,
		learn: func(d *demo) {
			for i := range 6 {
				d.learn(fmt.Sprintf("SH18-10%d", i+1))
			}
		},
		plot: studioPlot,
	}
}

// readConfig checks an agent.yaml, or that of one of the demo's own stories if file
// is empty.
func readConfig(file, story string) (*config.Config, []byte, error) {
	data := []byte(tales()[story].yaml)
	if file == "" {
		file = "agent.yaml"
	} else {
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return nil, nil, fmt.Errorf("the configuration cannot be read: %w", err)
		}
	}
	cfg, err := config.Parse(file, data, all.Registry().Types()...)
	return cfg, data, err
}
