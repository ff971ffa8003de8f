package bitrix

import (
	"slices"
	"strings"
)

// Origin is the server that an error comes from. A portal relays the authorization server's answer about a token, so a code of the
// latter also arrives in answers of the former.
type Origin string

// The origins.
const (
	FromPortal     Origin = "portal"
	FromAuthServer Origin = "authorization server"
)

// Code is one meaning of an error code, as one server sends it.
type Code struct {
	Code    string // as sent
	Origin  Origin
	Meaning string // the name of a Meaning
	// Descriptions are the product's own, as sent. Beside one of them the code is the product's even if it is shared.
	Descriptions []string
	// Distinct means that only an error whose description contains one of Descriptions means this: the code has other meanings too.
	Distinct bool
	// Shared means that other programs use the code too: RFC 6749 and RFC 6750, names of HTTP statuses, plain words.
	Shared bool
	Source string // documentation page, or where else it was seen
}

// Sources of the codes.
const (
	errorsPage  = "https://apidocs.bitrix24.com/error-codes.html"
	oauthPage   = "https://apidocs.bitrix24.com/settings/oauth/error-codes.html"
	v3Page      = "https://apidocs.bitrix24.com/api-reference/rest-v3.html"
	customPage  = "https://apidocs.bitrix24.com/settings/cloud-and-on-premise/on-premise/custom-auth-provider.html"
	confirmPage = "https://apidocs.bitrix24.com/api-reference/scopes/confirmation.html"
	rest25600   = "rest module 25.600.100"
	rest25800   = "rest module 25.800.0"
	sdks        = "official SDKs"
	bugReports  = "public bug reports"
	auth2017    = "authorization server as of 2017"
)

// codes are all that the documentation, the product's code and the vendor's SDKs show. Where a code has several meanings, those
// with Distinct descriptions stand first.
var codes = []Code{
	{"NO_AUTH_FOUND", FromPortal, "no-credentials", []string{"Wrong authorization data"}, false, false, errorsPage},
	{"INVALID_REQUEST", FromPortal, "https-required", []string{"Https required.", "Https required"}, false, true, errorsPage}, // to webhooks alone, in rest 26.0.0 too
	{"INVALID_CREDENTIALS", FromPortal, "webhook-unknown", []string{"Invalid request credentials"}, false, true, errorsPage},
	{"expired_token", FromPortal, "token-expired", []string{"The access token provided has expired", "The access token provided has expired."}, false, true, errorsPage},
	{"invalid_token", FromPortal, "token-unknown", []string{"Unable to get application by token"}, false, true, customPage},
	{"insufficient_scope", FromPortal, "scope-missing", []string{"The request requires higher privileges than provided by the access token",
		"The request requires higher privileges than provided by the webhook token"}, false, true, errorsPage},
	{"CONNECTION_ERROR", FromPortal, "auth-server-silent", []string{"Error connecting to authorization server"}, false, true, rest25600},
	{"APPLICATION_NOT_FOUND", FromPortal, "app-not-on-portal", []string{"Application not found"}, false, true, rest25600},
	{"ERROR_OAUTH", FromPortal, "disk-full", []string{"Disk quota exceeded", "Исчерпан выделенный дисковый ресурс"}, true, false, "public bug reports; the core's own texts"},
	{"ERROR_OAUTH", FromPortal, "app-not-installed", []string{"Application not installed"}, true, false, customPage},
	{"ERROR_OAUTH", FromPortal, "token-refused", nil, false, false, customPage},
	{"authorization_error", FromPortal, "user-not-authorized", []string{"Unable to authorize user"}, false, true, rest25600},
	{"user_access_error", FromPortal, "user-without-app", []string{"The user does not have access to the application."}, false, false, errorsPage},
	{"ACCESS_DENIED", FromPortal, "user-not-authorized", []string{"Current user can't be authorized in this context"}, true, true, rest25600},
	{"ACCESS_DENIED", FromPortal, "rest-not-in-plan", []string{"REST is available only on commercial plans.", "REST API is available only on commercial plans",
		"REST is available only by subscription."}, true, true, rest25600},
	{"ACCESS_DENIED", FromPortal, "access-denied", []string{"Access denied!", "User not authorized"}, false, true, errorsPage},
	{"ACCESS_ERROR", FromPortal, "access-denied", nil, false, true, sdks},
	{"BIZPROC_WORKFLOW_TEMPLATE_ACCESS_DENIED", FromPortal, "access-denied", nil, false, false, sdks},
	{"session_failed", FromPortal, "session", []string{"Sessid check failed"}, false, true, rest25600},
	{"allowed_only_intranet_user", FromPortal, "staff-only", []string{"Method allowed only for intranet users"}, false, false, sdks},
	{"PORTAL_BLOCKED_BY_LICENSE_SCANNER", FromPortal, "licence-scanner", []string{"Portal is blocked by the license scanner."}, false, false, bugReports},
	{"PAYMENT_REQUIRED", FromAuthServer, "app-unpaid", []string{"Payment required"}, true, true, oauthPage},
	{"PAYMENT_REQUIRED", FromPortal, "subscription-ended", []string{"Subscription has been ended"}, false, true, rest25600},
	{"PAYMENT_REQUIRED", FromAuthServer, "app-unpaid", nil, false, true, oauthPage},
	{"WRONG_LICENSE", FromPortal, "feature-not-licensed", []string{"This feature is not enabled for the current license"}, false, false, rest25600},
	{"PORTAL_DELETED", FromPortal, "site-closed", []string{"Portal was deleted"}, false, false, errorsPage},

	{"ERROR_METHOD_NOT_FOUND", FromPortal, "no-method", []string{"Method not found!"}, false, false, v3Page},
	{"ERROR_EVENT_NOT_FOUND", FromPortal, "no-event", []string{"Event not found"}, false, false, "https://apidocs.bitrix24.com/api-reference/events/event-bind.html"},
	{"ERROR_MANIFEST_IS_NOT_AVAILABLE", FromPortal, "no-manifest", nil, false, false, errorsPage},
	{"METHOD_CONFIRM_WAITING", FromPortal, "consent-awaited", []string{"Waiting for confirmation"}, false, false, confirmPage},
	{"METHOD_CONFIRM_DENIED", FromPortal, "consent-denied", []string{"Method call denied"}, false, false, confirmPage},
	{"WRONG_AUTH_TYPE", FromPortal, "wrong-auth-type", []string{"Current authorization type is denied for this method"}, false, false, "https://apidocs.bitrix24.com/api-reference/widgets/placement-list.html"},
	{"ERROR_BATCH_METHOD_NOT_ALLOWED", FromPortal, "not-in-batch", nil, false, false, errorsPage},
	{"ERROR_BATCH_LENGTH_EXCEEDED", FromPortal, "bad-argument", nil, false, false, errorsPage},
	{"ERROR_ARGUMENT", FromPortal, "bad-argument", nil, false, true, rest25600},
	{"INVALID_ARG_VALUE", FromPortal, "bad-argument", nil, false, true, sdks},
	{"BAD_REQUEST_NO_FIELDS_TO_UPDATE", FromPortal, "bad-argument", nil, false, false, sdks},
	{"ERROR_TASK_COMPLETED", FromPortal, "bad-argument", nil, false, false, sdks},
	{"ERROR_ACTIVITY_ALREADY_INSTALLED", FromPortal, "bad-argument", nil, false, false, sdks},
	{"ERROR_ACTIVITY_VALIDATION_FAILURE", FromPortal, "bad-argument", nil, false, false, sdks},
	{"USER_NOT_FOUND_OR_IS_NOT_ACTIVE", FromPortal, "no-object", nil, false, false, sdks},
	{"ERROR_ENTITY_NOT_FOUND", FromPortal, "no-object", nil, false, true, sdks},
	{"ERROR_WRONG_HANDLER_URL", FromPortal, "handler-refused", []string{"Wrong handler URL"}, false, false, rest25600},
	{"ERROR_UNSUPPORTED_PROTOCOL", FromPortal, "handler-refused", []string{"Unsupported handler protocol"}, false, false, rest25600},
	{"ERROR_NOT_FOUND", FromPortal, "no-object", nil, false, true, rest25600},
	{"NOT_FOUND", FromPortal, "no-object", nil, false, true, sdks},

	{"QUERY_LIMIT_EXCEEDED", FromPortal, "too-many-requests", []string{"Too many requests", "Rate limit exceeded. Too many requests in a given amount of time."}, false, false, errorsPage},
	{"OPERATION_TIME_LIMIT", FromPortal, "operation-time", []string{"Method is blocked due to operation time limit."}, false, false, "https://apidocs.bitrix24.com/limits.html"},
	{"OVERLOAD_LIMIT", FromPortal, "overload", []string{"REST API is blocked due to overload.", "REST API is blocked due to overload"}, false, false, errorsPage},

	{"ERROR_CORE", FromPortal, "not-registered", []string{"No client credentials"}, true, false, rest25600},
	{"ERROR_CORE", FromPortal, "failure", []string{"SQL query error!"}, false, false, rest25600},
	{"INTERNAL_SERVER_ERROR", FromPortal, "failure", []string{"Internal server error"}, false, true, errorsPage},
	{"ERROR_UNEXPECTED_ANSWER", FromPortal, "failure", nil, false, false, errorsPage},
	{"INTERNAL_WRONG_TRANSPORT", FromPortal, "failure", nil, false, false, rest25600},
	{"INTERNAL_WRONG_HANDLER_CLASS", FromPortal, "failure", nil, false, false, rest25600},
	{"WRONG_ENCODING", FromPortal, "failure", []string{"Wrong request encoding"}, false, false, rest25600},

	{"invalid_client", FromPortal, "client-refused", nil, false, true, bugReports},
	{"invalid_client", FromAuthServer, "client-refused", []string{"Invalid client credentials."}, false, true, oauthPage},
	{"invalid_request", FromAuthServer, "bad-argument", nil, false, true, oauthPage},
	{"insufficient_scope", FromAuthServer, "scope-exceeded", nil, false, true, oauthPage},
	{"invalid_scope", FromAuthServer, "scope-exceeded", []string{"Given scope exceeds permissions associated with given grant"}, false, true, oauthPage},
	{"invalid_grant", FromAuthServer, "grant-invalid", nil, false, true, oauthPage},
	{"bad_verification_code", FromAuthServer, "grant-invalid", nil, false, true, sdks},
	{"expired_token", FromAuthServer, "grant-expired", []string{"The authorization token provided has expired.", "The refresh token provided has expired."}, false, true, auth2017},
	{"WRONG_CLIENT", FromAuthServer, "app-unknown", nil, false, false, sdks},
	{"WRONG_APPLICATION_CLIENT", FromAuthServer, "app-unknown", []string{"Unable to get application data"}, false, false, bugReports},
	{"NOT_INSTALLED", FromAuthServer, "app-not-installed", []string{"Application not installed"}, false, true, sdks},
	{"unsupported_grant_type", FromAuthServer, "bad-argument", nil, false, true, auth2017},
	{"unauthorized_client", FromAuthServer, "grant-not-allowed", nil, false, true, auth2017},
	{"verification_needed", FromAuthServer, "licence-check-failed", []string{"License check failed."}, false, false, rest25600},

	{v3 + "METHODNOTFOUNDEXCEPTION", FromPortal, "no-method", nil, false, false, rest25800},
	{v3 + "ACCESSDENIEDEXCEPTION", FromPortal, "access-denied", nil, false, false, v3Page}, // with 401 any failed authentication
	{v3 + "INSUFFICIENTSCOPEEXCEPTION", FromPortal, "scope-missing", nil, false, false, v3Page},
	{v3 + "LICENSEEXCEPTION", FromPortal, "feature-not-licensed", nil, false, false, rest25800},
	{v3 + "MARKETSUBSCRIPTIONREQUIREDEXCEPTION", FromPortal, "rest-not-in-plan", nil, false, false, sdks},
	{v3 + "RATELIMITEXCEPTION", FromPortal, "too-many-requests", nil, false, false, rest25800},
	{v3 + "ENTITYNOTFOUNDEXCEPTION", FromPortal, "no-object", nil, false, false, v3Page},
	{v3 + "VALIDATION_REQUESTVALIDATIONEXCEPTION", FromPortal, "bad-argument", nil, false, false, v3Page},
	{v3 + "VALIDATION_REQUESTFILTERVALIDATIONEXCEPTION", FromPortal, "bad-argument", nil, false, false, sdks},
	{v3 + "VALIDATION_DTOVALIDATIONEXCEPTION", FromPortal, "bad-argument", nil, false, false, sdks},
	{v3 + "INVALIDJSONEXCEPTION", FromPortal, "bad-argument", nil, false, false, v3Page},
	{v3 + "INVALIDPAGINATIONEXCEPTION", FromPortal, "bad-argument", nil, false, false, sdks},
	{v3 + "INVALIDSELECTEXCEPTION", FromPortal, "bad-argument", nil, false, false, v3Page},
	{v3 + "INVALIDFILTEREXCEPTION", FromPortal, "bad-argument", nil, false, false, sdks},
	{v3 + "UNKNOWNDTOPROPERTYEXCEPTION", FromPortal, "bad-argument", nil, false, false, v3Page},
	{v3 + "UNKNOWNFILTEROPERATOREXCEPTION", FromPortal, "bad-argument", nil, false, false, v3Page},
	{v3 + "IDEMPOTENCYKEYREUSEDEXCEPTION", FromPortal, "bad-argument", nil, false, false, v3Page},
	{v3 + "INVALIDIDEMPOTENCYKEYEXCEPTION", FromPortal, "bad-argument", nil, false, false, v3Page},
}

// v3 is the prefix of all codes of REST 3.0.
const v3 = "BITRIX_REST_V3_EXCEPTION_"

// Codes returns the table of codes. The caller owns the slice, not the slices inside it.
func Codes() []Code { return slices.Clone(codes) }

// Place is what was asked when an error came.
type Place string

// The places.
const (
	AtRoute           Place = "route"            // a call without credentials
	AtInventedWebhook Place = "invented-webhook" // a call through a webhook that doesn't exist
	AtInventedToken   Place = "invented-token"
	AtWebhook         Place = "webhook"
	AtFreshToken      Place = "fresh-token"   // one that the authorization server has just issued
	AtRefresh         Place = "refresh"       // the authorization server, about a sign-in
	AtCommand         Place = "batch-command" // of a batch with a webhook or a token
	AtLookup          Place = "method-lookup" // a method without credentials, also of REST 3.0
)

// Accepted is what follows from a refusal that comes after what the request was to show.
const Accepted = "ok"

// Meaning is what an error means, whatever its code is called.
type Meaning struct {
	Name  string
	Owner string // who can help, by the code of package checks
	// Failure means that something inside the portal failed. Every other error is a refusal, so what refused works.
	Failure bool
	// follows is, by the place, the code of a cause, Accepted, or the id of the check at which such an error is reported.
	follows map[Place]string
}

// At returns what follows from the error at a place: the code of a cause, Accepted, the id of the check at which it is reported, or
// "" if the error has no cause of its own there.
func (m *Meaning) At(p Place) string {
	switch follows, ok := m.follows[p]; {
	case ok:
		return follows
	case p == AtRoute && m.Failure:
		return "rest-server-error"
	case p == AtRoute, p == AtLookup && !m.Failure: // the rest module refuses: it is there, and so is the method
		return Accepted
	}
	return ""
}

var (
	// A limit and a licence are each reported at one check.
	limit   = map[Place]string{AtInventedWebhook: "rate-limit", AtInventedToken: "rate-limit", AtWebhook: "rate-limit", AtFreshToken: "rate-limit", AtCommand: "rate-limit", AtLookup: "rate-limit"}
	licence = map[Place]string{AtWebhook: Accepted, AtFreshToken: Accepted, AtCommand: "rest-licence"}
)

var meanings = []Meaning{
	{Name: "no-credentials", Owner: "server-admin"},
	{Name: "https-required", Owner: "server-admin", follows: map[Place]string{AtInventedWebhook: "https-not-seen"}},
	{Name: "webhook-unknown", Owner: "portal-admin", follows: map[Place]string{AtInventedWebhook: Accepted, AtWebhook: "webhook-rejected"}},
	{Name: "token-expired", Owner: "server-admin", follows: map[Place]string{AtInventedToken: Accepted}},
	{Name: "token-unknown", Owner: "portal-admin", follows: map[Place]string{AtInventedToken: Accepted, AtFreshToken: "app-not-on-auth-server"}}, // #nosec G101 -- codes of causes
	{Name: "token-refused", Owner: "portal-admin"},
	{Name: "scope-missing", Owner: "portal-admin", follows: map[Place]string{AtWebhook: Accepted, AtFreshToken: Accepted}},
	{Name: "auth-server-silent", Owner: "network-admin", follows: map[Place]string{AtInventedToken: "auth-server-unreachable", AtFreshToken: "auth-server-unreachable"}},       // #nosec G101 -- codes of causes
	{Name: "app-not-on-portal", Owner: "portal-admin", follows: map[Place]string{AtInventedToken: Accepted, AtFreshToken: "app-not-on-portal"}},                                // #nosec G101 -- codes of causes
	{Name: "app-not-installed", Owner: "portal-admin", follows: map[Place]string{AtInventedToken: Accepted, AtFreshToken: "app-not-on-auth-server", AtRefresh: "app-unknown"}}, // #nosec G101 -- codes of causes
	{Name: "disk-full", Owner: "server-admin", follows: map[Place]string{AtRoute: "disk-full", AtInventedToken: "disk-full", AtWebhook: "disk-full", AtFreshToken: "disk-full"}},
	{Name: "user-not-authorized", Owner: "portal-admin", follows: map[Place]string{AtWebhook: "webhook-user", AtFreshToken: "user-inactive"}},
	{Name: "user-without-app", Owner: "portal-admin", follows: map[Place]string{AtWebhook: "webhook-user", AtFreshToken: "user-no-app-access"}}, // #nosec G101 -- codes of causes
	{Name: "staff-only", Owner: "portal-admin", follows: map[Place]string{AtWebhook: "webhook-user"}},
	{Name: "access-denied", Owner: "portal-admin"},
	{Name: "session", Owner: "server-admin"},
	{Name: "rest-not-in-plan", Owner: "portal-admin", follows: licence},
	{Name: "subscription-ended", Owner: "portal-admin", follows: licence},
	{Name: "feature-not-licensed", Owner: "portal-admin", follows: licence},
	{Name: "licence-scanner", Owner: "portal-admin", follows: licence},
	{Name: "app-unpaid", Owner: "vendor", follows: map[Place]string{AtInventedToken: Accepted, AtWebhook: Accepted, AtFreshToken: Accepted, AtCommand: "rest-licence", AtRefresh: "app-payment-required"}},
	{Name: "site-closed", Owner: "portal-admin", follows: map[Place]string{AtRoute: "rest-site-closed", AtLookup: ""}},

	{Name: "no-method", Owner: "portal-admin"},
	{Name: "no-event", Owner: "portal-admin"},
	{Name: "no-manifest", Owner: "portal-admin"},
	{Name: "consent-awaited", Owner: "portal-admin", follows: map[Place]string{AtWebhook: "call-awaits-consent"}},
	{Name: "consent-denied", Owner: "portal-admin", follows: map[Place]string{AtWebhook: "call-awaits-consent"}},
	{Name: "wrong-auth-type", Owner: "portal-admin"},
	{Name: "not-in-batch", Owner: "server-admin"},
	{Name: "bad-argument", Owner: "you"}, // this program made the request
	{Name: "handler-refused", Owner: "you"},
	{Name: "no-object", Owner: "portal-admin"},

	{Name: "too-many-requests", Owner: "server-admin", follows: limit},
	{Name: "operation-time", Owner: "server-admin", follows: limit},
	{Name: "overload", Owner: "server-admin", follows: limit},

	{Name: "not-registered", Owner: "portal-admin", follows: map[Place]string{AtInventedToken: "portal-not-registered", AtFreshToken: "portal-not-registered"}},
	{Name: "failure", Owner: "server-admin", Failure: true},

	{Name: "client-refused", Owner: "portal-admin", follows: map[Place]string{AtInventedToken: "portal-credentials-refused", AtFreshToken: "portal-credentials-refused", AtRefresh: "client-invalid"}}, // #nosec G101 -- codes of causes
	{Name: "app-unknown", Owner: "vendor", follows: map[Place]string{AtInventedToken: Accepted, AtFreshToken: "app-not-on-auth-server", AtRefresh: "app-unknown"}},                                     // #nosec G101 -- codes of causes
	{Name: "scope-exceeded", Owner: "portal-admin", follows: map[Place]string{AtRefresh: "scope-refused"}},
	{Name: "grant-invalid", Owner: "portal-admin", follows: map[Place]string{AtInventedToken: Accepted, AtRefresh: "grant-invalid"}},
	{Name: "grant-expired", Owner: "portal-admin", follows: map[Place]string{AtInventedToken: Accepted, AtRefresh: "sign-in-expired"}},
	{Name: "grant-not-allowed", Owner: "portal-admin", follows: map[Place]string{AtRefresh: "scope-refused"}},
	{Name: "licence-check-failed", Owner: "portal-admin", follows: map[Place]string{AtInventedToken: "licence-rejected", AtFreshToken: "licence-rejected"}},
}

// Meanings returns what errors may mean.
func Meanings() []Meaning { return slices.Clone(meanings) }

// MeaningOf returns what an error means at a place, nil if its code is not known. At the authorization server its own codes come
// first, everywhere else the portal's.
func MeaningOf(code, description string, at Place) *Meaning {
	first := FromPortal
	if at == AtRefresh {
		first = FromAuthServer
	}
	code = strings.TrimSpace(code)
	var found *Code
	for i := range codes {
		c := &codes[i]
		if !sameTrimmed(c.Code, code) || c.Distinct && !c.describes(description) {
			continue
		}
		if found == nil || found.Origin != first && c.Origin == first && !found.Distinct {
			found = c
		}
	}
	if found == nil {
		return nil
	}
	i := slices.IndexFunc(meanings, func(m Meaning) bool { return m.Name == found.Meaning })
	return &meanings[i]
}

func (c *Code) describes(description string) bool {
	description = strings.ToLower(description)
	return slices.ContainsFunc(c.Descriptions, func(d string) bool { return strings.Contains(description, strings.ToLower(d)) })
}

// IsOwnError reports whether nobody but Bitrix24 answers with this error: its code is not shared, or its description is the
// product's own.
func IsOwnError(code, description string) bool {
	if strings.HasPrefix(foldCode(code), v3) {
		return true
	}
	return slices.ContainsFunc(codes, func(c Code) bool {
		if !c.Shared {
			return SameCode(c.Code, code)
		}
		return c.Code == code && slices.Contains(c.Descriptions, description)
	})
}

// IsAuthServerError reports whether the authorization server answers with this error. signed says that Bitrix24 relayed it: otherwise
// a shared code counts only with the product's own description.
func IsAuthServerError(code, description string, signed bool) bool {
	return slices.ContainsFunc(codes, func(c Code) bool {
		switch {
		case c.Origin != FromAuthServer:
			return false
		case signed || !c.Shared:
			return SameCode(c.Code, code)
		}
		return c.Code == code && slices.Contains(c.Descriptions, description)
	})
}
