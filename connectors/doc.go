/*
# How to write a connector

One file, one test, one line. The example of this package is a whole connector,
"shelf", and shelf_test.go its test; connectors/folder is the real one to copy.

 1. connectors/acme/acme.go: a struct of options with yaml tags, var Factory,
    New, Find and Deliver, and the three methods of Source if Acme gives files
    back. New checks the options and touches no network: what it refuses, the
    person who writes agent.yaml reads.
 2. connectors/acme/acme_test.go: ten lines that call connectortest.Run with a
    rig: the connector, what a bystander sees at the remote, and a fault plan if
    the remote can be made to fail. An HTTP or FTP remote gets a simulator with
    state in connectors/acme/acmesim.
 3. connectors/all/all.go: the line acme.Factory. A test there fails until it
    is written.

# What Deliver does, in this order

 1. CheckName(p.Name), where the remote keeps names as paths.
 2. Look what is there under the final name. The photo itself: answer a receipt
    and write nothing. A file that still is what p.Replaces says: ours to
    replace. Another: Rejected, with what a person can do about it.
 3. Open the source and send exactly p.Size bytes to a place where nobody takes
    them for a picture: a temporary name that holds p.ID, or an upload that only
    counts when it is complete. A source that is shorter, longer or broken is an
    error, with the source's own error in the chain.
 4. Make sure that the remote has them (sync, SIZE, a checksum).
 5. Call publish, and stop if it fails. From here on the outcome may be unknown.
 6. Make the photo visible in one step, without replacing what is not ours.

Do not retry, sleep, count failures or start goroutines: the engines do all
that, once, for every connector. Return within a second when ctx ends; a client
library that takes no ctx is cut off by context.AfterFunc.

# What Find must be sure of

Find decides whether a photo is sent again, so both mistakes cost: a false yes
loses a photo, a false no doubles it. Say yes by digest, or by size and time;
never by size alone. If anything could not be looked at, return an error.

Where other people take photos away (folders, FTP), p.Published is the only
trace of one that is gone. It rests on the temporary file: after publish, or
where p.Published is set already, nothing but the rename may remove it, or the
next Find takes a photo that never arrived for one that was picked up.

# What an error says

Any error means "try later", for ever. Three say more: Rejected (this photo
never, until a person acts), Denied (none, until a person acts) and
ThrottledError (all wait until then). For HTTP and FTP they are the same
everywhere, and connectors/rest makes them: 401 and login 530 are denied; 403 is
denied from Probe and otherwise rejected; 400, 413, 415 and 422 are rejected;
423 and 429 are throttled; 408, 425, 5xx and a broken connection mean later.

The text is read by a photographer beside the name of the file: what happened,
and what to do next.
*/
package connectors
