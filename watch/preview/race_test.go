//go:build race

package preview

// raced says that the race detector takes many times the memory and time.
const raced = true
