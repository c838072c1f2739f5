package suite

import (
	"maps"
	"slices"
	"sync"
)

// Place is a partition of a topic.
type Place struct {
	Topic     string
	Partition int32
}

// Places is a set of them.
type Places map[Place]bool

// PlacesOf makes one of what most clients have for it.
func PlacesOf[Number int | int32](partitions map[string][]Number) Places {
	places := Places{}
	for topic, numbers := range partitions {
		for _, number := range numbers {
			places[Place{topic, int32(number)}] = true
		}
	}
	return places
}

// Tracker is what a member of a group owns, had to give back and has seen. The client's callbacks write it,
// from any goroutine.
type Tracker struct {
	mutex   sync.Mutex
	owned   Places
	revoked []Places
	seen    []Record
}

// Assigned adds to what the member owns.
func (t *Tracker) Assigned(places Places) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.owned == nil {
		t.owned = Places{}
	}
	maps.Copy(t.owned, places)
}

// Revoked takes away from what the member owns.
func (t *Tracker) Revoked(places Places) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	maps.DeleteFunc(t.owned, func(place Place, _ bool) bool { return places[place] })
	if len(places) > 0 {
		t.revoked = append(t.revoked, maps.Clone(places))
	}
}

// Saw adds to the records that the member has seen.
func (t *Tracker) Saw(records ...Record) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.seen = append(t.seen, records...)
}

// Owned is what the member owns now.
func (t *Tracker) Owned() Places {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return maps.Clone(t.owned)
}

// GivenBack is what it had to give back, in order.
func (t *Tracker) GivenBack() []Places {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return slices.Clone(t.revoked)
}

// Seen is what it has read.
func (t *Tracker) Seen() []Record {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return slices.Clone(t.seen)
}
