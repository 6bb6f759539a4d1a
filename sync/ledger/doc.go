// Package ledger is the agent's durable memory: every file version it has
// accepted, every job that carries one across a boundary, every task that jobs
// belong to, and what happened to each. Nothing that matters lives only in
// memory: an agent that is killed at any moment goes on from here.
//
// # States of a job on its way out
//
//	           ┌────────────── failed, asked to wait, stopped ◄─────────────┐
//	           ▼                                                            │
//	Add ──► queued ──Claimed──► moving ──Published──► publishing ───────────┤
//	           │                  │                      │                  │
//	           │                  └──────────Sent────────┴──► sent ──Confirmed──► done
//	           │                                               │
//	           ├──Parked──► parked ◄── 24 h without a trace ───┘
//	           │              └──Retried──► queued
//	           └──Superseded──► superseded
//
//	any but superseded ──CalledOff, WrittenOff──► Closed; what has not gone yet is superseded
//
// queued waits for a worker, not before NotBefore. moving has a worker; nothing
// is visible at the remote yet. publishing: the intent to make it visible is on
// disk, so after a crash the remote must be asked. sent: the remote said yes.
// done: somebody has seen it there. parked waits for a person. superseded: the
// file changed or left first; its new content is a job of its own. Closed is no
// state but a person's word: nothing more is awaited for the photo.
//
// # States of a job on its way in
//
//	                        ┌───── failed, asked to wait, stopped ◄─────┐
//	                        ▼                                           │
//	Offer ──► offered ──► queued ──Claimed──► moving ──Published──► publishing
//	             │  Imported │                  │                      │
//	             │           │                  └───────Settled────────┴──► landed ──Acknowledged──► done
//	             │           │                  │                      │
//	             ├───────────┼───────Held───────┴──────────────────────┴──► parked ──Retried──► queued
//	             ├───────────┼──VendorFailed (parked too)──► failed ──Retried──► queued
//	             └───────────┴──Overtaken (moving, parked, failed too)──► superseded
//
//	failed ──Mended──► offered
//	offered, parked, landed, done ──SentBack──► superseded
//	offered, parked, failed ──WrittenOff──► superseded
//
// offered is ready at the remote and waits for a person. moving is being
// fetched into a temporary file. publishing: it is whole, and the intent to put
// it in place is on disk. landed: it lies in its folder. done: the remote was
// told so. parked: no folder claims it, or something there is not ours. failed:
// the vendor gave up. superseded: a newer version of that name was offered, or
// it vanished, before it was fetched; or a person sent it back or did not want
// it, and then it is Closed and never taken up again.
//
// # States of a task
//
//	     ┌─ Failed, Waited: it surely has not got it ─┐
//	     ▼                                            │
//	collecting ──Published──► committing ─────────────┤
//	     │                                            │
//	     └──────────────────── Accepted ──────────────┴──► at vendor ──Settled──► done
//
//	collecting, committing, at vendor ──CalledOff──► cancelled
//	                                  ──WrittenOff─► closed
//	any but committing ──Reordered─► collecting, another round
//	done, cancelled, closed ──Reopened─► at vendor
//
// collecting takes photos until Closes. committing: the intent to submit the
// batch is on disk, so after a crash it may be there. at vendor: it is, and its
// pictures are awaited. done: all have landed, or a person waits for the rest no
// more. cancelled and closed are a person's word, from any state before done:
// nothing is wanted, or what is missing will not come. A person may order some of
// its photos once more: each round is a delivery of its own, and its answer alone
// counts from then on. What was sent back has the task wait again. A task is committed when it has closed and none of its
// jobs is open; no photo can be added to one that is being committed.
//
// # What a crash can and cannot do
//
// A job found moving at start was not visible: it is queued again. A job found
// publishing may be visible: it is queued with Published set, and the engine
// asks the remote before it sends again. A job in sent is never sent again by
// itself. So a crash may repeat a question, never a delivery.
//
// The same holds for what comes in, but that nobody need be asked: the
// temporary file beside the final name carries the job's ID. A job found
// publishing was put in place by renaming that file. Is it still there, it was
// not, and is put in place again; is it gone, it was, even if an importer has
// consumed the picture since. So a crash may fetch twice, but drops nothing
// twice. A job in landed is acknowledged again, which remotes must bear, and
// never fetched again.
//
// # Writing
//
// All writes pass one group commit: calls that arrive while one commit is being
// synced share the next. A call returns when its change is on disk.
package ledger
