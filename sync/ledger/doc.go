// Package ledger is the agent's durable memory: every file version it has
// accepted, every job that carries one across a boundary, and what happened to
// each. Nothing that matters lives only in memory: an agent that is killed at
// any moment goes on from here.
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
// queued waits for a worker, not before NotBefore. moving has a worker; nothing
// is visible at the remote yet. publishing: the intent to make it visible is on
// disk, so after a crash the remote must be asked. sent: the remote said yes.
// done: somebody has seen it there. parked waits for a person. superseded: the
// file changed or left first; its new content is a job of its own.
//
// # What a crash can and cannot do
//
// A job found moving at start was not visible: it is queued again. A job found
// publishing may be visible: it is queued with Published set, and the engine
// asks the remote before it sends again. A job in sent is never sent again by
// itself. So a crash may repeat a question, never a delivery.
//
// # Writing
//
// All writes pass one group commit: calls that arrive while one commit is being
// synced share the next. A call returns when its change is on disk.
package ledger
