package creativeforcesim

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studio-agent/studio-agent/connectors/faults"
)

// A vendor talks to a platform by hand.
type vendor struct {
	t     *testing.T
	sim   *Sim
	token string
}

func newVendor(t *testing.T, opt Options) *vendor {
	t.Helper()
	opt.ClientID, opt.ClientSecret, opt.Vendor, opt.WebhookSecret = "id", "secret", "v", base64.StdEncoding.EncodeToString([]byte("key"))
	v := &vendor{t: t, sim: New(opt)}
	v.login()
	return v
}

func (v *vendor) login() {
	v.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"id"}, "client_secret": {"secret"}, "scope": {"cfgateway"}}
	r := httptest.NewRequest("POST", "http://cf/connect/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	v.sim.Handler().ServeHTTP(w, r)
	var reply struct {
		Token string `json:"access_token"`
		Life  int    `json:"expires_in"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil || w.Code != 200 || reply.Life != 3600 {
		v.t.Fatalf("login: %d %s", w.Code, w.Body)
	}
	v.token = reply.Token
}

// call returns the status and the reply as loose JSON.
func (v *vendor) call(method, path, body string) (int, map[string]any) {
	v.t.Helper()
	r := httptest.NewRequest(method, "http://cf"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+v.token)
	w := httptest.NewRecorder()
	v.sim.Handler().ServeHTTP(w, r)
	var reply map[string]any
	json.Unmarshal(w.Body.Bytes(), &reply)
	return w.Code, reply
}

// upload presigns and puts content; it returns the temporary asset.
func (v *vendor) upload(content string) string {
	v.t.Helper()
	sum := md5.Sum([]byte(content))
	_, reply := v.call("POST", "/v1/assets/get-presigned-url", fmt.Sprintf(
		`{"clientId":%q,"physicalFileTypeId":2,"files":[{"fileName":"a.jpg","localId":"1","fileLength":%d,"fileMd5":%q}]}`, clientID, len(content), hex.EncodeToString(sum[:])))
	place := reply["files"].([]any)[0].(map[string]any)
	if status := v.put(place["presignedUrl"].(string), content, true); status != 200 {
		v.t.Fatalf("put: %d", status)
	}
	return place["tempAssetId"].(string)
}

func (v *vendor) put(address, content string, signed bool) int {
	r := httptest.NewRequest("PUT", address, strings.NewReader(content))
	r.Header.Set("Content-Type", "image/jpeg")
	if signed {
		r.Header.Set(signedHeader, signedValue)
	}
	w := httptest.NewRecorder()
	v.sim.Handler().ServeHTTP(w, r)
	return w.Code
}

func (v *vendor) submit(id string, assets ...string) (int, any) {
	v.t.Helper()
	var list []string
	for i, asset := range assets {
		if asset != "" {
			list = append(list, fmt.Sprintf(`{"expectedOutputId":%q,"assetId":%q}`, v.outputs(id)[i].ID, asset))
		}
	}
	status, reply := v.call("POST", "/v1/export/tasks/"+id+"/submit-assets", `{"assets":[`+strings.Join(list, ",")+`]}`)
	return status, reply["statusCode"]
}

func (v *vendor) outputs(id string) []Output {
	for _, t := range v.sim.Tasks() {
		if t.ID == id {
			return t.Outputs
		}
	}
	return nil
}

func twoOutputs() NewTask {
	return NewTask{Inputs: []Input{{Name: "in.jpg", Content: []byte("input")}}, Outputs: []Output{{Name: "a.jpg"}, {Name: "b.jpg"}}}
}

func TestRoundsAreTakenOnceAndWhole(t *testing.T) {
	v := newVendor(t, Options{})
	id := v.sim.AddTask(twoOutputs())
	a, b := v.upload("a"), v.upload("b")
	for _, c := range []struct {
		why    string
		assets []string
		code   float64
	}{
		{"short", []string{a}, notAll}, {"unknown", []string{a, "nonsense"}, unknownAsset}, {"whole", []string{a, b}, 1}, {"again", []string{a, b}, taskClosed},
	} {
		status, code := v.submit(id, c.assets...)
		if want := map[bool]int{true: 200, false: 400}[c.code == 1]; status != want || code != c.code {
			t.Errorf("%s: %d %v, want %d %v", c.why, status, code, want, c.code)
		}
	}
	if len(v.sim.Doubles()) != 1 || v.sim.Submits(id)[1] != 1 {
		t.Errorf("doubles %v, submits %v", v.sim.Doubles(), v.sim.Submits(id))
	}
	if !v.sim.Reject(id, Note{Output: "b.jpg", Text: "no"}) || v.sim.Reject(id) || v.sim.Approve(id) {
		t.Error("a task can be rejected once, and then not be approved")
	}
	if status, code := v.submit(id, "", b); status != 400 || code != float64(usedAsset) {
		t.Errorf("the old file: %d %v", status, code)
	}
	if status, code := v.submit(id, a, v.upload("b2")); status != 400 || code != float64(notWanted) {
		t.Errorf("more than corrections: %d %v", status, code)
	}
	if status, _ := v.submit(id, "", v.upload("b3")); status != 200 || v.sim.Submits(id)[2] != 1 {
		t.Errorf("the correction: %d, %v", status, v.sim.Submits(id))
	}
	if !v.sim.Approve(id) || v.sim.Tasks()[0].Status != Done {
		t.Error("it cannot be approved")
	}
}

func TestStorageTakesWhatWasSignedAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(t, Options{UploadLife: time.Minute})
		sum := md5.Sum([]byte("abc"))
		_, reply := v.call("POST", "/v1/assets/get-presigned-url", fmt.Sprintf(
			`{"clientId":%q,"physicalFileTypeId":2,"files":[{"fileName":"a.jpg","localId":"1","fileLength":3,"fileMd5":"%X"},{"fileName":"","localId":"2","fileLength":3,"fileMd5":"x"}]}`, clientID, sum))
		if errs := reply["errorFiles"].([]any); len(errs) != 1 || errs[0].(map[string]any)["errorCode"] != float64(noFileName) {
			t.Errorf("errors inside a 200: %v", errs)
		}
		address := reply["files"].([]any)[0].(map[string]any)["presignedUrl"].(string)
		if v.put(address, "abc", false) != 403 || v.put(address+"0", "abc", true) != 403 || v.put(address, "abd", true) != 400 || v.put(address, "abcd", true) != 400 {
			t.Error("something was taken that was not signed")
		}
		for range 2 {
			if v.put(address, "abc", true) != 200 || len(v.sim.Uploads()) != 1 {
				t.Error("a put, and the same once more, must be one file")
			}
		}
		time.Sleep(time.Minute)
		if v.put(address, "abc", true) != 403 {
			t.Error("an expired address was taken")
		}
	})
}

func TestLoginsListsAndStatuses(t *testing.T) {
	v := newVendor(t, Options{PageSize: 2})
	for range 3 {
		v.sim.AddTask(twoOutputs())
	}
	id := v.sim.AddTask(NewTask{Editorial: true})
	for path, want := range map[string]int{
		"/v1/expost/tasks?postProductionVendorId=v&pageNumber=1&pageSize=9":            2,
		"/v1/expost/tasks?postProductionVendorId=v&pageNumber=2&pageSize=9":            1,
		"/v1/expost/tasks?postProductionVendorId=v&pageNumber=3&pageSize=9":            0,
		"/v1/expost/tasks?postProductionVendorId=other&pageNumber=1&pageSize=9":        0,
		"/v1/editorial/extpost/tasks?postProductionVendorId=v&pageNumber=1&pageSize=9": 1,
	} {
		if status, reply := v.call("GET", path, ""); status != 200 || len(reply["pageData"].([]any)) != want {
			t.Errorf("%s: %d %v, want %d rows", path, status, reply, want)
		}
	}
	for path, want := range map[string]int{
		"/v1/expost/tasks": 404, "/v1/expost/tasks?postProductionVendorId=v": 400, "/v1/extpost/tasks/" + id: 404, "/v1/editorial/extpost/tasks/" + id: 200,
	} {
		if status, _ := v.call("GET", path, ""); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	for i, want := range []int{200, 400} {
		if status, _ := v.call("PUT", "/v1/editorial/extpost/tasks/"+id+"/start", ""); status != want {
			t.Errorf("start %d: %d, want %d", i+1, status, want)
		}
	}
	v.sim.ExpireTokens()
	if status, _ := v.call("GET", "/v1/expost/tasks?postProductionVendorId=v", ""); status != 401 {
		t.Errorf("an expired token: %d", status)
	}
	v.login()
}

func TestWebhooksAreSignedAndSentOnce(t *testing.T) {
	v := newVendor(t, Options{})
	id := v.sim.AddTask(twoOutputs())
	v.sim.SetStatus(id, InReview)
	v.sim.Reject(id)
	var actions []string
	ctx, cancel := context.WithCancel(t.Context())
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-CF-Signature") != v.sim.Sign(body) || !bytes.Contains(body, []byte(`"TaskId":"`+id)) {
			t.Errorf("sent %s with %s", body, r.Header)
		}
		var p struct{ Action string }
		json.Unmarshal(body, &p)
		if actions = append(actions, p.Action); len(actions) == 2 {
			cancel()
		}
		return &http.Response{StatusCode: 202, Body: http.NoBody}, nil
	})}
	if err := v.sim.Announce(ctx, "http://agent/hooks/cf", client, nil); err != nil {
		t.Fatal(err)
	}
	if strings.Join(actions, " ") != "ExternalPostTaskRejected ExternalPostTaskReadyToWork" {
		t.Errorf("sent %v, want both, the newest first", actions)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestFaultsStrikeOnce(t *testing.T) {
	plan := faults.NewPlan(1)
	var events []Event
	v := newVendor(t, Options{Faults: plan, OnEvent: func(e Event) { events = append(events, e) }})
	id := v.sim.AddTask(twoOutputs())
	plan.Then("task", faults.Fault{Status: 503}, faults.Fault{FailAfter: 500}, faults.Fault{Status: 401})
	for i, want := range []int{503, 500, 401, 401} {
		if status, _ := v.call("GET", "/v1/extpost/tasks/"+id, ""); status != want {
			t.Errorf("call %d: %d, want %d", i, status, want)
		}
	}
	if last := events[len(events)-1]; last.Op != "task" || last.Task != id || last.Status != 401 || v.sim.Requests("task") != 3 {
		t.Errorf("told of %+v after %d requests", last, v.sim.Requests("task"))
	}
}
