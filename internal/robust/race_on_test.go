//go:build race

package robust

const raceEnabled = true // everything takes several times as long
