package baastest

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
)

// domesticRegion is the one that the V2 twins take.
const domesticRegion = "cn-hangzhou"

// Handler answers an action, see [Server.Handle]. It gets the action's own parameters, without the common ones, and
// may keep and change them. The result is encoded by encoding/json and stands where the service has "Result". The error
// of a refused request is a [Refusal]; any other one is answered as 500 InternalError with its text. A Handler may run
// several times at once.
type Handler func(params url.Values) (result any, err error)

// Refusal is the error by which a [Handler] refuses a request.
type Refusal struct {
	// Status is the reply's. One from 201 to 599 makes a refusal as the gateway's are. With 200 it is a failure as the
	// service's own, in the shape of a success: successResponse or Success is false. Anything else means 400.
	Status        int
	Code, Message string
}

// Error returns code and message.
func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Handle lets h answer an action, also one that the server answers by itself; nil takes h away again. Requests are
// verified before, nonces consumed, and faults strike as for any action. The last of several handlers wins.
func (s *Server) Handle(action string, h Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, isOwn := builtInActions()[action]
	if h == nil {
		delete(s.actions, action)
		if isOwn {
			s.actions[action] = own
		}
		return
	}
	own.required = nil
	own.run = func(_ *Server, c *call) (any, error) { return runHandler(h, c) }
	s.actions[action] = own
}

// runHandler encodes the result at once, so that one that cannot be encoded is an error like the handler's own.
func runHandler(h Handler, c *call) (any, error) {
	result, err := h(c.business())
	if err != nil {
		return nil, err
	}
	raw, err := marshal(result)
	return json.RawMessage(raw), err
}

// asRefusal is what an action's error is replied as.
func asRefusal(err error) *refusal {
	var own *refusal
	if errors.As(err, &own) {
		return own
	}
	var handlers *Refusal
	if errors.As(err, &handlers) && handlers != nil {
		refused := newRefusal(handlers.Status, handlers.Code, handlers.Message)
		if !isFinalStatus(refused.status) {
			refused.status = http.StatusBadRequest
		}
		refused.inShape = refused.status == http.StatusOK
		return refused
	}
	refused := internalError(http.StatusInternalServerError)
	refused.message += " baastest: " + err.Error()
	return refused
}

// action is an action of the API.
type action struct {
	required []string // in the order of its reference page
	domestic bool     // a V2 twin: it answers in shape V2, and takes no region but cn-hangzhou
	run      func(s *Server, c *call) (result any, err error)
}

// builtInActions are the actions that the server answers by itself.
func builtInActions() map[string]action {
	actions := map[string]action{
		"ApplyAntChainCertificate": {run: (*Server).applyWithCSR, required: []string{"AntChainId", "UploadReq"}},
		"ApplyAntChainCertificateWithKeyAutoCreation": {run: (*Server).applyWithKey, required: []string{
			"AntChainId", "CommonName", "ConsortiumId", "CountryName", "LocalityName", "OrganizationName",
			"OrganizationUnitName", "Password", "StateOrProvinceName",
		}},
		"CreateAntChainAccount": {run: (*Server).createAccount, required: []string{
			"Account", "AccountPubKey", "AccountRecoverPubKey", "AntChainId",
		}},
		"CreateAntChainAccountWithKeyPairAutoCreation": {run: (*Server).createAccountWithKeys, required: []string{
			"Account", "AntChainId", "Password",
		}},
		"ResetAntChainCertificate": {run: (*Server).resetCertificate, required: []string{"AntChainId"}},
		"ResetAntChainUserCertificate": {run: (*Server).resetUserCertificate, required: []string{
			"AntChainId", "Username",
		}},
	}
	twins := map[string]action{
		"DescribeAntChainAccounts": {run: (*Server).describeAccounts, required: []string{
			"AntChainId", "PageNumber", "PageSize",
		}},
		"DescribeAntChainCertificateApplications": {run: (*Server).describeApplications, required: []string{
			"AntChainId", "PageNumber", "PageSize", "Status",
		}},
		"DescribeAntChainConsortiums":   {run: (*Server).describeConsortiums, required: []string{"PageNumber", "PageSize"}},
		"DescribeAntChainDownloadPaths": {run: (*Server).describeDownloadPaths, required: []string{"AntChainId"}},
		"DescribeAntChainInformation":   {run: (*Server).describeInformation, required: []string{"AntChainId"}},
		"DescribeAntChainMembers": {run: (*Server).describeMembers, required: []string{
			"ConsortiumId", "PageNumber", "PageSize",
		}},
		"DescribeAntChainNodes": {run: (*Server).describeNodes, required: []string{"AntChainId"}},
		"DescribeAntChains": {run: (*Server).describeChains, required: []string{
			"ConsortiumId", "PageNumber", "PageSize",
		}},
	}
	maps.Copy(actions, twins)
	for name, twin := range twins {
		twin.domestic = true
		actions[name+"V2"] = twin
	}
	return actions
}
