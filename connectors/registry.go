package connectors

import "slices"

// A Registry is the list of connector types a program knows.
type Registry []Factory

// Find returns the factory of the type named in agent.yaml.
func (r Registry) Find(typ string) (Factory, bool) {
	i := slices.IndexFunc(r, func(f Factory) bool { return f.Type == typ })
	if i < 0 {
		return Factory{}, false
	}
	return r[i], true
}

// Types lists the types, sorted, for messages.
func (r Registry) Types() []string {
	var types []string
	for _, f := range r {
		types = append(types, f.Type)
	}
	slices.Sort(types)
	return types
}
