//go:build !unix

package certbundle_test

func systemTask(string, errand) report { return report{Skip: "not here"} }
