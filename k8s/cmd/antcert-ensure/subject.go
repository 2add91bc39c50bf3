package main

import "github.com/antchain-go/baas/internal/subject"

// parseSubject reads -subject.
func parseSubject(text string) (map[string]string, error) { return subject.Parse(text) }
