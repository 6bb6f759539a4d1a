package grandshooting

// Calls lists every endpoint of grand-shooting-api.txt, in its order.
func Calls() []Call {
	var all []Call
	for _, part := range [][]Call{pictureCalls(), productionCalls(), catalogueCalls(), otherCalls()} {
		all = append(all, part...)
	}
	return all
}

func inPath(name string) Param   { return Param{Name: name, In: "path", Type: "number", Required: true} }
func inQuery(name string) Param  { return Param{Name: name, In: "query", Type: "string"} }
func text(name string) Param     { return Param{Name: name, In: "body", Type: "string"} }
func numeral(name string) Param  { return Param{Name: name, In: "body", Type: "number"} }
func value(name string) Param    { return Param{Name: name, In: "body", Type: "json"} }
func required(p Param) Param     { p.Required = true; return p }
func params(ps ...Param) []Param { return ps }

// listed are the parameters of a list that comes in pages.
func listed(ps ...Param) []Param {
	return append(ps,
		Param{Name: "offset", In: "header", Type: "number"},
		Param{Name: "all", In: "client", Type: "bool", Doc: "true reads all pages"})
}

func pictureFilters() []Param {
	var ps []Param
	for _, name := range []string{"picture_id", "bench_id", "bench_root_id", "benchsteptype", "ref", "path", "smalltext",
		"picturestatus", "filesize", "width", "height", "reference_id", "reference_ids", "parent_id", "child_ids",
		"icc_profile", "thumbnail", "hash", "view_type_code", "transfert_date", "date_cre", "validation_date", "frame",
		"export", "shootingmethod"} {
		ps = append(ps, inQuery(name))
	}
	return ps
}

func editFields() []Param {
	transfer := numeral("transfer_id")
	transfer.check = checkTransfer
	return params(transfer, text("get_path"), text("put_path"), text("provision_code"), numeral("account_id"))
}

func pictureCalls() []Call {
	rating, label := numeral("rating"), text("label")
	rating.check, label.check = checkRating, checkLabel
	id := inPath("picture_id")
	return []Call{
		{Name: "pictures", Doc: "List pictures", Method: "GET", Path: "/picture", Params: listed(pictureFilters()...), key: "picture_id"},
		{Name: "picture", Doc: "Get a picture", Method: "GET", Path: "/picture/{picture_id}", Params: params(id)},
		{Name: "picture-delete", Doc: "Delete a picture (not in step 40)", Method: "DELETE", Path: "/picture/{picture_id}", Params: params(id)},
		{Name: "picture-download", Doc: "Download a picture", Method: "GET", Path: "/picture/{picture_id}/download", Params: params(id), raw: true},
		{Name: "picture-tags", Doc: "Get tags", Method: "GET", Path: "/picture/{picture_id}/tag", Params: params(id)},
		{Name: "picture-tag", Doc: "Set tags", Method: "PUT", Path: "/picture/{picture_id}/tag", Params: params(id, rating, label, value("tags"))},
		{Name: "picture-specification", Doc: "Get what a picture should conform to", Method: "GET", Path: "/picture/{picture_id}/specification", Params: params(id)},
		{Name: "picture-status", Doc: "Set picturestatus", Method: "POST", Path: "/picture/{picture_id}/picturestatus",
			Params: params(id, required(numeral("picturestatus")), text("comment")), before: beforeStatus},
		{Name: "picture-edit", Doc: "Send a picture to edit; may cost money", Method: "POST", Path: "/picture/{picture_id}/edit", Params: append(params(id), editFields()...)},
		{Name: "picture-edit-bulk", Doc: "Send pictures to edit; may cost money", Method: "POST", Path: "/picture/edit/bulk",
			Params: append(params(required(value("picture_ids"))), editFields()...)},
		{Name: "picture-frame", Doc: "Set a frame", Method: "PUT", Path: "/picture/{picture_id}/frame",
			Params: params(id, required(numeral("x1")), required(numeral("y1")), required(numeral("x2")), required(numeral("y2")))},
	}
}

func productionFields() []Param {
	return params(text("smalltext"), text("startdate"), text("enddate"), text("timezone"), numeral("tzoffset"),
		numeral("shooting_method_id"), numeral("bench_template_id"), value("info"), value("info_model"))
}

func productionCalls() []Call {
	root, bench := inPath("bench_root_id"), inPath("bench_id")
	wait := Param{Name: "wait", In: "form", Type: "bool"}
	folder := Param{Name: "path", In: "form", Type: "string", Doc: "folder in the bench"}
	transfer := Param{Name: "transfer_id", In: "form", Type: "number", Doc: "plugins only", check: checkTransfer}
	waitBody, transferBody := Param{Name: "wait", In: "body", Type: "bool"}, numeral("transfer_id")
	transferBody.check = checkTransfer
	return []Call{
		{Name: "productions", Doc: "List productions and their benches", Method: "GET", Path: "/production"},
		{Name: "production-create", Doc: "Create a production", Method: "POST", Path: "/production", Params: productionFields()},
		{Name: "production-update", Doc: "Update a production", Method: "PUT", Path: "/production/{bench_root_id}", Params: append(params(root), productionFields()...)},
		{Name: "production-templates", Doc: "List templates", Method: "GET", Path: "/production/template"},
		{Name: "benches", Doc: "List the benches of a production", Method: "GET", Path: "/production/{bench_root_id}/bench", Params: params(root)},
		{Name: "bench", Doc: "Get a bench", Method: "GET", Path: "/production/{bench_root_id}/bench/{bench_id}", Params: params(root, bench)},
		{Name: "references-add", Doc: "Say which references a production shoots (body: a list)", Method: "POST", Path: "/production/{bench_root_id}/reference", Params: params(root), list: true},
		{Name: "startexport", Doc: "Start an export", Method: "GET", Path: "/production/{bench_root_id}/startexport", Params: params(root), do: startExport},
		{Name: "upload", Doc: "Upload a picture", Method: "POST", Path: "/production/{bench_root_id}/bench/{bench_id}/upload",
			Params: params(root, bench, Param{Name: "file", In: "file", Type: "string", Required: true, Doc: "a file on this machine"}, wait, folder, transfer),
			before: beforeUpload, do: uploadFile},
		{Name: "upload-url", Doc: "Upload pictures by URL", Method: "POST", Path: "/production/{bench_root_id}/bench/{bench_id}/upload/url",
			Params: params(root, bench, required(value("urls")), waitBody, text("path"), transferBody), before: beforeUpload},
	}
}

func referenceFields() []Param {
	ps := params(required(text("ref")), numeral("reference_id"), numeral("shotlist_id"))
	for _, name := range []string{"ean", "univers", "gamme", "family", "sku", "brand", "smalltext", "product_ref", "product_smalltext",
		"gender", "gender_smalltext", "color", "hexa_color", "size", "collection", "comment", "online"} {
		ps = append(ps, text(name))
	}
	return append(ps, value("eans"), value("tags"), value("extra"))
}

func catalogueCalls() []Call {
	return []Call{
		{Name: "references", Doc: "List references", Method: "GET", Path: "/reference", Params: listed(), key: "reference_id"},
		{Name: "reference", Doc: "Get a reference", Method: "GET", Path: "/reference/{id}", Params: params(inPath("id"))},
		{Name: "reference-save", Doc: "Create or update a reference", Method: "POST", Path: "/reference", Params: referenceFields()},
		{Name: "references-save", Doc: "Create or update references (body: a list)", Method: "POST", Path: "/reference/bulk", list: true},
		{Name: "columns", Doc: "Add or change columns of the extra field (body: a list)", Method: "POST", Path: "/reference/column", list: true},
	}
}

func otherCalls() []Call {
	hook := params(required(text("address")), required(text("topic")))
	id := inPath("webhook_id")
	return []Call{
		{Name: "looks", Doc: "List looks", Method: "GET", Path: "/look"},
		{Name: "look-create", Doc: "Create a look", Method: "POST", Path: "/look", Params: params(numeral("picture_id"), text("look_smalltext"), value("data"))},
		{Name: "shootingmethods", Doc: "List shooting methods", Method: "GET", Path: "/shootingmethod"},
		{Name: "stock", Doc: "List stock positions", Method: "GET", Path: "/stock"},
		{Name: "stock-add", Doc: "Add a reference to the stock", Method: "POST", Path: "/stock",
			Params: params(numeral("batch_id"), required(numeral("reference_id")), numeral("batchrefstatus"))},
		{Name: "stock-zones", Doc: "List zones", Method: "GET", Path: "/stock/zone"},
		{Name: "stock-batch", Doc: "Create a batch", Method: "POST", Path: "/stock/batch", Params: params(text("smalltext"), numeral("batch_type"), numeral("batch_zone_id"))},
		{Name: "webhooks", Doc: "List webhooks", Method: "GET", Path: "/webhook"},
		{Name: "webhook-create", Doc: "Create a webhook", Method: "POST", Path: "/webhook", Params: hook},
		{Name: "webhook-update", Doc: "Change a webhook", Method: "PUT", Path: "/webhook/{webhook_id}", Params: append(params(id), hook...)},
		{Name: "webhook-delete", Doc: "Delete a webhook", Method: "DELETE", Path: "/webhook/{webhook_id}", Params: params(id)},
	}
}
