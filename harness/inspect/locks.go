package inspect

import (
	"reflect"
	"sync"
)

// LocksOf returns the locks of the struct that owner points to, with those of the
// structs and arrays in it: each sync.Mutex and sync.RWMutex, whatever it guards.
func LocksOf(owner any) []sync.Locker {
	value := reflect.ValueOf(owner).Elem()
	return locksIn(value, value.Type().PkgPath())
}

// locksIn returns the locks in value, as far as its types are those of the package.
func locksIn(value reflect.Value, pkg string) (locks []sync.Locker) {
	switch kind := value.Type(); {
	case kind == reflect.TypeFor[sync.Mutex](), kind == reflect.TypeFor[sync.RWMutex]():
		locks = append(locks, reflect.NewAt(kind, value.Addr().UnsafePointer()).Interface().(sync.Locker))
	case kind.Kind() == reflect.Struct && kind.PkgPath() == pkg:
		for i := range value.NumField() {
			locks = append(locks, locksIn(value.Field(i), pkg)...)
		}
	case kind.Kind() == reflect.Array:
		for i := range value.Len() {
			locks = append(locks, locksIn(value.Index(i), pkg)...)
		}
	}
	return locks
}
