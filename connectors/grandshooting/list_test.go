package grandshooting

import "testing"

func TestSentNameUndoesWhatThePlatformAdds(t *testing.T) {
	const uuid = "f33cdd25-b8b0-48dd-abac-cf8a29529f89"
	for listed, want := range map[string]string{
		"a_1.jpg":                       "a_1.jpg",
		"/day1/a-1.jpg":                 "day1/a_1.jpg",
		uuid + "/a-1.jpg":               "a_1.jpg",
		uuid + "/JPG/a-1.jpg":           "a_1.jpg",
		uuid + "/JPG/day1/look/a-1.jpg": "day1/look/a_1.jpg",
		"JPG/a_1.jpg":                   "JPG/a_1.jpg", // a folder that the photographer may have made
	} {
		if got := sentName(Picture{Path: listed, Smalltext: "a_1.jpg"}); got != want {
			t.Errorf("%s was sent as %s, want %s", listed, got, want)
		}
	}
}
