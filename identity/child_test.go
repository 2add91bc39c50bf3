package identity

const childTask = "IDENTITY_TEST_CHILD"

func runChild() int { return 2 }
