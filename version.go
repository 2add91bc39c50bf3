package baas

// APIVersion is the version of the API that this package calls.
const APIVersion = "2018-12-21"

// version is the version of this module.
const version = "0.1.0"
