package page

// The page Accounts.
var accountTexts = map[string]string{
	"account.title":   "Accounts · %s",
	"account.out":     "Sending",
	"account.in":      "Coming back",
	"account.open":    "works",
	"account.since":   "since %s",
	"account.today":   "%d today",
	"account.waiting": "%d on the way",
	"account.busy":    "%d of %d transfers at once",
	"account.rate":    "%.1f of %.1f requests a second",
	"account.paused":  "Paused until somebody resumes",
	"account.until":   "Paused until %s",
	"account.pause":   "Pause",
	"account.resume":  "Resume",
	"account.try":     "Try again now",
	"account.examine": "Examine",
	"account.overdue": "Ready for more than a day and not fetched",
	"account.silent":  "The agent does not say how this account is.",

	"exam.title":   "Examined %s",
	"exam.running": "Being examined …",
	"exam.done":    "account %s was examined",
	"exam.broke":   "the examination of account %s broke off",
	"exam.fine":    "works",
	"exam.odd":     "works in a roundabout way",
	"exam.broken":  "broken",
}
