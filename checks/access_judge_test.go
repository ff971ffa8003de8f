package checks

import (
	"net/netip"
	"testing"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/requirements"
	"boxready/internal/transport"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// errorAnswer is an answer with an error of the portal's, accepted one with a result.
func errorAnswer(code, description string) *Exchange {
	return &Exchange{Status: 401, Form: portal.FormJSON, Error: code, ErrorDescription: description}
}

var (
	accepted   = &Exchange{Status: 200, Form: portal.FormJSON}
	unreached  = &Exchange{Failure: transport.Timeout}
	htmlPage   = &Exchange{Status: 200, Form: portal.FormHTML, Body: "<html>"}
	yes, no    = true, false
	noPlan     = errorAnswer(bitrix.CodeAccessDenied, "REST is available only on commercial plans.")
	noMarket   = errorAnswer(bitrix.CodeAccessDenied, "REST is available only by subscription.")
	ended      = errorAnswer(bitrix.CodePaymentRequired, "Subscription has been ended")
	appPayment = errorAnswer(bitrix.CodePaymentRequired, "Payment required")
)

func TestJudgeWebhook(t *testing.T) {
	judge(t, WebhookCheck, []verdict{
		{"accepted", &WebhookFacts{Answer: accepted}, nil, results("ok")},
		{"the rule forbids it", &WebhookFacts{BlockedBy: HTTPSSeen}, nil, results("skipped because https-seen")},
		{"wrong code", &WebhookFacts{Answer: errorAnswer(bitrix.CodeInvalidCredentials, "Invalid request credentials")}, nil, results("problem webhook-rejected portal-admin")},
		{"cloud's status", &WebhookFacts{Answer: &Exchange{Status: 403, Form: portal.FormJSON, Error: "invalid_credentials"}}, nil, results("problem webhook-rejected portal-admin")},
		{"dismissed user", &WebhookFacts{Answer: errorAnswer(bitrix.CodeAuthorizationError, "Unable to authorize user")}, nil, results("problem webhook-user portal-admin")},
		{"no permission for it", &WebhookFacts{Answer: errorAnswer(bitrix.CodeInsufficientScope, "The request requires higher privileges than provided by the webhook token")}, nil, results("ok")},
		{"a licence's error is not the webhook's", &WebhookFacts{Answer: noMarket}, nil, results("ok")},
		{"another access denied", &WebhookFacts{Answer: errorAnswer(bitrix.CodeAccessDenied, "Access denied!")}, nil, results("unknown refused-with-code portal-admin")},
		{"not seen", &WebhookFacts{Answer: errorAnswer(bitrix.CodeNoAuthFound, "Wrong authorization data")}, nil, results("unknown refused-with-code server-admin")},
		{"a page", &WebhookFacts{Answer: htmlPage}, nil, results("unknown unexpected-answer server-admin")},
		{"no answer", &WebhookFacts{Answer: unreached}, nil, results("unknown timeout server-admin")},
	})
}

func TestJudgeSignIn(t *testing.T) {
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	said := func(code string) *SignInFacts {
		return &SignInFacts{At: at, AuthAnswer: AuthAnswer{Server: "https://oauth.bitrix24.tech", Error: code, Status: 400}}
	}
	aged := func(code string, ends time.Time) *SignInFacts {
		f := said(code)
		f.Ends = &ends
		return f
	}
	failed := func(failure transport.Failure) *SignInFacts {
		return &SignInFacts{At: at, AuthAnswer: AuthAnswer{Failure: failure}}
	}
	judge(t, SignIn, []verdict{
		{"renewed", &SignInFacts{At: at}, nil, results("ok")},
		{"no memory here", failed(transport.NoMemory), nil, results("unknown no-network you")},
		{"renewed, not saved", &SignInFacts{At: at, NotSaved: true}, nil, results("ok")},
		{"wrong refresh token", said("invalid_grant"), nil, results("problem grant-invalid portal-admin")},
		{"wrong refresh token, young", aged("invalid_grant", at.Add(time.Hour)), nil, results("problem grant-invalid portal-admin")},
		{"wrong refresh token, of 180 days", aged("invalid_grant", at), nil, results("problem sign-in-expired portal-admin")},
		{"expired", said("expired_token"), nil, results("problem sign-in-expired portal-admin")},
		{"wrong secret", said("invalid_client"), nil, results("problem client-invalid portal-admin")},
		{"unknown application", said("wrong_client"), nil, results("problem app-unknown vendor")},
		{"its data can't be read", said("WRONG_APPLICATION_CLIENT"), nil, results("problem app-unknown vendor")},
		{"not installed", said("NOT_INSTALLED"), nil, results("problem app-unknown vendor")},
		{"unpaid", said("PAYMENT_REQUIRED"), nil, results("problem app-payment-required vendor")},
		{"an error nobody documents", said("teapot"), nil, results("unknown refused-with-code you")},
		{"licence", said("verification_needed"), nil, results("unknown refused-with-code portal-admin")},
		{"unreadable", &SignInFacts{At: at, AuthAnswer: AuthAnswer{Failure: transport.Other, Status: 200, Body: "<html>"}}, nil, results("unknown unexpected-answer you")},
		{"its own failure, as a page", &SignInFacts{At: at, AuthAnswer: AuthAnswer{Failure: transport.Other, Status: 502, Body: "<html>"}}, nil, results("unknown auth-server-failed bitrix24")},
		{"too often, as a page", &SignInFacts{At: at, AuthAnswer: AuthAnswer{Failure: transport.Other, Status: 429}}, nil, results("unknown auth-server-failed bitrix24")},
		{"too often", said("QUERY_LIMIT_EXCEEDED"), nil, results("unknown auth-server-failed bitrix24")},
		{"its own failure", said("INTERNAL_SERVER_ERROR"), nil, results("unknown auth-server-failed bitrix24")},
		{"a failure with a code nobody documents", &SignInFacts{At: at, AuthAnswer: AuthAnswer{Error: "teapot", Status: 503}}, nil, results("unknown auth-server-failed bitrix24")},
		{"a known code decides, not its status", &SignInFacts{At: at, AuthAnswer: AuthAnswer{Error: "invalid_grant", Status: 500}}, nil, results("problem grant-invalid portal-admin")},
		{"too many permissions", said("invalid_scope"), nil, results("problem scope-refused portal-admin")},
		{"too few permissions", said("insufficient_scope"), nil, results("problem scope-refused portal-admin")},
		{"another kind of grant", said("unauthorized_client"), nil, results("problem scope-refused portal-admin")},
		{"refused connection", failed(transport.Refused), nil, results("unknown vendor-host-unreachable you")},
		{"no answer", failed(transport.Timeout), nil, results("unknown vendor-host-unreachable you")},
		{"the proxy wants a password", failed(transport.ProxyAuth), nil, results("unknown proxy-auth-required you")},
		{"cancelled", failed(transport.Cancelled), nil, results("unknown cancelled you")},
	})
}

func TestJudgeIdentity(t *testing.T) {
	held := func(held, domain, uri string) *IdentityFacts {
		return &IdentityFacts{Portal: "https://portal.example.ru", Held: held, Domain: domain, URI: uri}
	}
	judge(t, PortalIdentity, []verdict{
		{"the same", held("https://portal.example.ru/rest/", "portal.example.ru", "https://portal.example.ru"), nil, results("ok")},
		{"the same in capitals, with the port", held("https://Portal.Example.ru:443/rest/", "portal.example.ru:443", ""), nil, results("ok")},
		{"a domain alone", held("", "portal.example.ru", ""), nil, results("ok")},
		{"another name", held("https://test.example.ru/rest/", "test.example.ru", ""), nil, results("problem address-differs portal-admin")},
		{"only the domain differs", held("https://portal.example.ru/rest/", "10.0.0.5", ""), nil, results("problem address-differs portal-admin")},
		{"another port", held("https://portal.example.ru:8443/rest/", "", ""), nil, results("problem address-differs portal-admin")},
		{"http", held("http://portal.example.ru/rest/", "portal.example.ru", ""), nil, results("problem address-held-as-http server-admin")},
		{"http under another name", held("http://test.example.ru/rest/", "", ""), nil, results("problem address-differs portal-admin", "problem address-held-as-http server-admin")},
		{"nothing", held("", "", ""), nil, results("unknown unexpected-answer you")},
		{"no address at all", held("%zz", "", ""), nil, results("unknown unexpected-answer you")},
		{"a word of refusal", &IdentityFacts{Portal: "https://portal.example.ru", AuthAnswer: AuthAnswer{Error: "ERROR_OAUTH", ErrorDescription: "Application not installed"}}, nil,
			results("unknown refused-with-code portal-admin")},
		{"a failure of the authorization server", &IdentityFacts{Portal: "https://portal.example.ru", AuthAnswer: AuthAnswer{Failure: transport.Other, Status: 503}}, nil,
			results("unknown unexpected-answer bitrix24")},
		{"another portal's number", &IdentityFacts{Portal: "https://portal.example.ru", Held: "https://portal.example.ru/rest/", Sharing: []string{"https://old.example.ru"}}, nil,
			results("notice portal-clone portal-admin")},
		{"another portal's number, and that one's address", &IdentityFacts{Portal: "https://portal.example.ru", Held: "https://old.example.ru/rest/", Sharing: []string{"https://old.example.ru"}}, nil,
			results("problem address-differs portal-admin", "notice portal-clone portal-admin")},
		{"not reached", &IdentityFacts{Portal: "https://portal.example.ru", AuthAnswer: AuthAnswer{Failure: transport.NoNetwork}}, nil, results("unknown no-network you")},
	})
}

func TestJudgeAccepted(t *testing.T) {
	said := func(code, description string) *AcceptedFacts {
		return &AcceptedFacts{Answer: errorAnswer(code, description)}
	}
	lost := errorAnswer(bitrix.CodeNoAuthFound, "Wrong authorization data")
	lostEverywhere := &AuthFacts{Deep: true, Tokens: []TokenAnswer{{portal.InForm, *lost}, {portal.InQuery, *lost}, {portal.InJSON, *lost}, {portal.InHeader, *lost}}}
	inQuery := &AuthFacts{Deep: true, Tokens: []TokenAnswer{{portal.InForm, *lost}, {portal.InQuery, *errorAnswer(bitrix.CodeInvalidToken, "")}}}
	judge(t, TokenAccepted, []verdict{
		{"accepted", &AcceptedFacts{Answer: accepted}, nil, results("ok")},
		{"the rule forbids it", &AcceptedFacts{BlockedBy: PortalRedirect}, nil, results("skipped because portal-redirect")},
		{"the authorization server doesn't have the application", &AcceptedFacts{NotInstalled: true}, nil, results("problem app-not-on-auth-server portal-admin")},
		{"unreachable", said(bitrix.CodeConnectionError, "Error connecting to authorization server"), nil, results("problem auth-server-unreachable network-admin")},
		{"not registered", said(bitrix.CodeCore, "No client credentials"), nil, results("problem portal-not-registered portal-admin")},
		{"another kernel error", said(bitrix.CodeCore, "SQL query error!"), nil, results("unknown refused-with-code server-admin")},
		{"licence", said(bitrix.CodeVerificationNeeded, "License check failed."), nil, results("problem licence-rejected portal-admin")},
		{"portal's keys", said("invalid_client", ""), nil, results("problem portal-credentials-refused portal-admin")},
		{"not on the portal", said(bitrix.CodeApplicationNotFound, "Application not found"), nil, results("problem app-not-on-portal portal-admin")},
		{"not on the authorization server", said(bitrix.CodeOAuth, "Application not installed"), nil, results("problem app-not-on-auth-server portal-admin")},
		{"a full disk has the same code", said(bitrix.CodeOAuth, "Disk quota exceeded"), nil, results("problem disk-full server-admin")},
		{"a fresh token is unknown", said(bitrix.CodeInvalidToken, "Unable to get application by token"), nil, results("problem app-not-on-auth-server portal-admin")},
		{"dismissed", said(bitrix.CodeAuthorizationError, "Unable to authorize user"), nil, results("problem user-inactive portal-admin")},
		{"never signed in", said(bitrix.CodeAccessDenied, "Current user can't be authorized in this context"), nil, results("problem user-inactive portal-admin")},
		{"no access", said(bitrix.CodeUserAccessError, "The user does not have access to the application."), nil, results("problem user-no-app-access portal-admin")},
		{"the plan is the licence's matter", &AcceptedFacts{Answer: noPlan}, nil, results("ok")},
		{"a fresh token has expired", said(bitrix.CodeExpiredToken, "The access token provided has expired"), nil, results("unknown refused-with-code server-admin")},
		{"closed", said(bitrix.CodePortalDeleted, "Portal was deleted"), nil, results("unknown refused-with-code portal-admin")},
		{"a page", &AcceptedFacts{Answer: htmlPage}, nil, results("unknown unexpected-answer server-admin")},
		{"no answer", &AcceptedFacts{Answer: unreached}, nil, results("unknown timeout server-admin")},
		{"lost in a form, seen in JSON", &AcceptedFacts{Answer: lost, JSON: accepted}, nil, results("ok")},
		{"unreachable, and the servers fail for this computer too", said(bitrix.CodeConnectionError, ""), vendors(HostSeen{Host: "a", Status: 502}), results("problem auth-server-unreachable bitrix24")},
		{"lost in a form, refused in JSON", &AcceptedFacts{Answer: lost, JSON: errorAnswer(bitrix.CodeConnectionError, "")}, nil, results("problem auth-server-unreachable network-admin")},
		{"lost everywhere", &AcceptedFacts{Answer: lost, JSON: lost}, FactsByCheck{AuthServerFromPortal: lostEverywhere}, results("problem token-checker-missing server-admin")},
		{"bodies are lost", &AcceptedFacts{Answer: lost, JSON: lost}, FactsByCheck{AuthServerFromPortal: inQuery}, results("skipped because credentials-arrive")},
		{"lost, and nobody looked why", &AcceptedFacts{Answer: lost, JSON: lost}, nil, results("unknown refused-with-code server-admin")},
	})
}

func TestJudgeLicence(t *testing.T) {
	said := func(all ...*Exchange) *LicenceFacts {
		f := &LicenceFacts{}
		for _, x := range all {
			f.Refused = append(f.Refused, Refusal{ByWebhook, infoMethod, x.Error, x.ErrorDescription})
		}
		return f
	}
	judge(t, RESTLicence, []verdict{
		{"nothing refused", said(), nil, results("ok")},
		{"an application's plan", said(noPlan), nil, results("problem rest-not-in-plan portal-admin")},
		{"a webhook's subscription", said(noMarket), nil, results("problem rest-not-in-plan portal-admin")},
		{"both once", said(noPlan, noMarket), nil, results("problem rest-not-in-plan portal-admin")},
		{"subscription ended", said(ended), nil, results("problem subscription-ended portal-admin")},
		{"payment without a word", said(errorAnswer(bitrix.CodePaymentRequired, "")), nil, results("problem subscription-ended portal-admin")},
		{"licence in REST 3.0", said(errorAnswer("BITRIX_REST_V3_EXCEPTION_LICENSEEXCEPTION", "")), nil, results("problem feature-not-licensed portal-admin")},
		{"subscription in REST 3.0", said(errorAnswer("BITRIX_REST_V3_EXCEPTION_MARKETSUBSCRIPTIONREQUIREDEXCEPTION", "")), nil, results("problem rest-not-in-plan portal-admin")},
		{"the application's own fee", said(appPayment), nil, results("problem app-payment-required vendor")},
		{"feature", said(errorAnswer(bitrix.CodeWrongLicense, "This feature is not enabled for the current license: X")), nil, results("problem feature-not-licensed portal-admin")},
		{"scanner", said(errorAnswer(bitrix.CodeLicenseScanner, "")), nil, results("problem licence-blocked portal-admin")},
		{"two payments", said(ended, appPayment), nil, results("problem subscription-ended portal-admin", "problem app-payment-required vendor")},
		{"refused for another reason", said(errorAnswer(bitrix.CodeInsufficientScope, "")), nil, results("ok")},
	})
}

func TestJudgeInstalled(t *testing.T) {
	judge(t, AppInstalled, []verdict{
		{"installed", &InstalledFacts{Installed: &yes}, nil, results("ok")},
		{"unfinished", &InstalledFacts{Installed: &no}, nil, results("problem install-unfinished portal-admin")},
		{"not said", &InstalledFacts{}, nil, results("unknown unexpected-answer portal-admin")},
	})
}

func TestJudgeRights(t *testing.T) {
	asked := func(admin *bool, x *Exchange) *RightsFacts {
		return &RightsFacts{Call: Call{Credential: ByWebhook, Exchange: *x}, Admin: admin}
	}
	judge(t, UserRights, []verdict{
		{"administrator", asked(&yes, accepted), nil, results("ok")},
		{"not one", asked(&no, accepted), nil, results("notice user-not-admin portal-admin")},
		{"a system user", &RightsFacts{Call: Call{Credential: ByWebhook, Exchange: *accepted}, Admin: &no, SystemUser: true}, nil, results("ok")},
		{"not said", asked(nil, accepted), nil, results("unknown unexpected-answer portal-admin")},
		{"no answer", asked(nil, unreached), nil, results("unknown timeout portal-admin")},
		{"the licence forbids asking", asked(nil, noMarket), nil, results("skipped because rest-licence")},
		{"no batch", asked(nil, errorAnswer(bitrix.CodeMethodNotFound, "Method not found!")), nil, results("skipped because method-inventory")},
	})
}

func TestJudgePlatform(t *testing.T) {
	ranges := func(all ...VersionRange) *PlatformFacts { return &PlatformFacts{Modules: all} }
	judge(t, Platform, []verdict{
		{"nothing provable", ranges(), nil, results("ok")},
		{"old", ranges(VersionRange{"rest", "18.5.162", "23.100.0"}), nil, results("notice platform-outdated portal-admin")},
		{"the first of a year bounds the year before", ranges(VersionRange{"rest", "", "24.0.0"}), nil, results("notice platform-outdated portal-admin")},
		{"may be less than two years old", ranges(VersionRange{"rest", "", "24.500.0"}), nil, results("ok")},
		{"open above", ranges(VersionRange{"rest", "23.100.0", ""}), nil, results("ok")},
		{"one of two", ranges(VersionRange{"rest", "23.100.0", ""}, VersionRange{"main", "", "20.0.50"}), nil, results("notice platform-outdated portal-admin")},
		{"no answer", &PlatformFacts{Unanswered: unreached}, nil, results("unknown timeout portal-admin")},
	})
}

// portalHas is a portal with the modules rest and crm; the credential has all permissions.
func portalHas(required Required, change ...func(*ModulesFacts)) *ModulesFacts {
	f := &ModulesFacts{Credential: BySignIn, Required: required, Provided: []string{"crm", "user"}, Granted: []string{"crm", "user"},
		Events: []string{"ONAPPTEST", "ONCRMDEALADD"}}
	for _, name := range required.Methods {
		info, known := bitrix.Method(name)
		exists := known && (info.Module == "crm" || info.Module == "rest")
		f.Methods = append(f.Methods, MethodSeen{Name: name, Existing: &exists, Available: &exists})
	}
	for _, c := range change {
		c(f)
	}
	return f
}

func lacking(method string) func(*ModulesFacts) {
	return func(f *ModulesFacts) {
		for i := range f.Methods {
			if f.Methods[i].Name == method {
				f.Methods[i].Existing, f.Methods[i].Available = &no, &no
			}
		}
	}
}

func lookedUp(method string, there bool) func(*ModulesFacts) {
	return func(f *ModulesFacts) {
		f.REST3 = new(true)
		f.Methods = append(f.Methods, MethodSeen{Name: bitrix.REST3Prefix + method, Existing: &there})
	}
}

func withoutREST3(f *ModulesFacts) { f.REST3 = new(false) }

func asApplication(f *ModulesFacts) { f.AsApplication = true }

func TestJudgeNeeds(t *testing.T) {
	crm := Required{Scopes: []string{"crm"}, Methods: []string{"crm.activity.list", "crm.item.list"}, Events: []string{"ONCRMDEALADD"}}
	telephony := Required{Modules: map[string]string{"voximplant": ""}, Scopes: []string{"telephony"}, Methods: []string{"telephony.externalcall.register"}}
	unanswered := func(f *ModulesFacts) {
		f.Methods[0].Existing, f.Methods[0].Available, f.Unanswered = nil, nil, &Call{Credential: ByWebhook, Exchange: *unreached}
	}
	silent := &ModulesFacts{Required: crm, Unanswered: &Call{Credential: ByWebhook, Exchange: *unreached}}
	unlicensed := &ModulesFacts{Required: crm, Unanswered: &Call{Credential: ByWebhook, Exchange: *noMarket}}
	for _, c := range []struct {
		name                             string
		facts                            *ModulesFacts
		modules, scopes, methods, events []string
	}{
		{"all there", portalHas(crm), results("ok"), results("ok"), results("ok"), results("ok")},
		{"a module is missing, and explains the rest", portalHas(telephony), results("problem module-missing portal-admin"), results("ok"), results("ok"), results("ok")},
		{"a method is missing", portalHas(crm, lacking("crm.item.list")), results("ok"), results("ok"), results("problem method-missing portal-admin"), results("ok")},
		{"a method that exists nowhere", portalHas(Required{Methods: []string{"crm.activity.lits"}}, lookedUp("crm.activity.lits", false)), results("ok"), results("ok"), results("notice method-unknown vendor"), results("ok")},
		{"a method not looked up in REST 3.0", portalHas(Required{Methods: []string{"crm.activity.lits"}}), results("ok"), results("ok"), results("unknown method-unsure portal-admin"), results("ok")},
		{"a method younger than the catalogue", portalHas(Required{Methods: []string{"crm.activity.lits"}}, lookedUp("crm.activity.lits", true)), results("ok"), results("ok"), results("ok"), results("ok")},
		{"a method that exists nowhere, without REST 3.0", portalHas(Required{Methods: []string{"crm.activity.lits"}}, withoutREST3), results("ok"), results("ok"), results("notice method-unknown vendor"), results("ok")},
		{"no REST 3.0", portalHas(Required{Methods: []string{"rest.scope.list", "crm.item.list"}}, lacking("rest.scope.list"), withoutREST3), results("ok"), results("ok"), results("problem rest3-missing portal-admin"), results("ok")},
		{"no REST 3.0, as a draft demands it", portalHas(Required{Methods: []string{"api/tasks.task.get"}, Modules: map[string]string{"rest": "25.800.0"}}, withoutREST3, func(f *ModulesFacts) { f.Provided = append(f.Provided, "task", "tasks") }),
			results("ok"), results("ok"), results("problem rest3-missing portal-admin"), results("ok")},
		{"REST 3.0 without one of its methods", portalHas(Required{Methods: []string{"rest.scope.list", "crm.item.list"}}, lacking("rest.scope.list"), func(f *ModulesFacts) { f.REST3 = new(true) }), results("ok"), results("ok"), results("problem method-missing portal-admin"), results("ok")},
		{"a permission that exists nowhere", portalHas(Required{Scopes: []string{"crm_premium"}}), results("ok"), results("notice scope-unknown vendor"), results("ok"), results("ok")},
		{"the credential lacks a permission", portalHas(crm, func(f *ModulesFacts) { f.Granted = []string{"user"} }), results("ok"), results("ok"), results("ok"), results("ok")},
		{"the application lacks a permission", portalHas(crm, asApplication, func(f *ModulesFacts) {
			f.Granted = []string{"user"}
			for i := range f.Methods {
				f.Methods[i].Available = &no
			}
		}), results("ok"), results("problem scope-not-granted portal-admin"), results("ok"), results("ok")},
		{"the application may not call a method although it has the permission", portalHas(crm, asApplication, func(f *ModulesFacts) { f.Methods[1].Available = &no }),
			results("ok"), results("ok"), results("problem method-not-permitted portal-admin"), results("ok")},
		{"an old name", portalHas(Required{Methods: []string{"crm.company.add"}}), results("ok"), results("ok"), results("notice method-deprecated vendor"), results("ok")},
		{"an old name in the built-in list", portalHas(Required{BuiltIn: true, Methods: []string{"methods"}}), results("ok"), results("ok"), results("ok"), results("ok")},
		{"a portal without method.get can't tell of a controller's method", portalHas(crm, func(f *ModulesFacts) {
			f.Methods, f.Listed = nil, []string{"crm.activity.list", "batch"}
		}), results("ok"), results("ok"), results("unknown method-unsure portal-admin"), results("ok")},
		{"an event is missing", portalHas(Required{Events: []string{"ONCRMDYNAMICITEMADD_147"}}), results("ok"), results("ok"), results("ok"), results("problem event-missing portal-admin")},
		{"a version that nothing tells", portalHas(Required{Modules: map[string]string{"crm": "99.0.0"}}), results("unknown module-version-unknown portal-admin"), results("ok"), results("ok"), results("ok")},
		{"one method got no answer", portalHas(crm, unanswered), results("ok"), results("ok"), results("unknown method-unsure portal-admin", "unknown timeout portal-admin"), results("ok")},
		{"nothing got an answer", silent, results("unknown timeout portal-admin"), results("unknown timeout portal-admin"), results("unknown timeout portal-admin"), results("unknown timeout portal-admin")},
		{"the licence forbids asking", unlicensed, results("skipped because rest-licence"), results("skipped because rest-licence"), results("skipped because rest-licence"), results("skipped because rest-licence")},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := FactsByCheck{RequiredModules: c.facts}
			judge(t, RequiredModules, []verdict{{"modules", c.facts, seen, c.modules}})
			judge(t, RequiredScopes, []verdict{{"scopes", &RequirementFacts{}, seen, c.scopes}})
			judge(t, RequiredMethods, []verdict{{"methods", &RequirementFacts{}, seen, c.methods}})
			judge(t, RequiredEvents, []verdict{{"events", &RequirementFacts{}, seen, c.events}})
		})
	}
}

// TestPermissionsToTick asserts that what an application needs and BoxReady's own credential lacks becomes a box to tick.
func TestPermissionsToTick(t *testing.T) {
	f := portalHas(Required{Scopes: []string{"user"}, Methods: []string{"crm.activity.list"}}, func(f *ModulesFacts) {
		f.Granted = []string{"user"}
		f.Methods[0].Available = &no
	})
	found := find(t, RequiredScopes).Judge(&RequirementFacts{}, FactsByCheck{RequiredModules: f})
	if tick, _ := found[0].Args["tick"].([]string); len(tick) != 2 || tick[0] != "user" || tick[1] != "crm" {
		t.Errorf("to tick: %v", found[0].Args["tick"])
	}
}

func TestMissingModuleListsDependents(t *testing.T) {
	f := portalHas(Required{Methods: []string{"telephony.externalcall.register", "voximplant.line.get"}, Events: []string{"ONVOXIMPLANTCALLEND"}})
	found := find(t, RequiredModules).Judge(f, nil)
	needs, _ := found[0].Args["needs"].([]requirements.Finding)
	if len(needs) != 1 || needs[0].Module != "voximplant" || len(needs[0].Methods) != 2 || len(needs[0].Events) != 1 {
		t.Errorf("%+v", needs)
	}
}

func TestJudgeEventTest(t *testing.T) {
	step := func(method string, x *Exchange) EventStep { return EventStep{Method: method, Exchange: *x} }
	steps := func(all ...EventStep) *EventTestFacts { return &EventTestFacts{Steps: all} }
	get, unbind := step("event.get", accepted), step("event.unbind", accepted)
	never := steps(get, step("event.bind", accepted), step("event.test", accepted), step("event.offline.get", accepted), unbind)
	notInstalled := &AcceptedFacts{Application: &AppStatus{Installed: new(bool)}}
	judge(t, EventMachinery, []verdict{
		{"recorded", &EventTestFacts{Bound: true, Fired: true, Recorded: true}, nil, results("ok")},
		{"recorded, left bound", &EventTestFacts{Bound: true, Fired: true, Recorded: true, LeftBound: true}, nil, results("ok")},
		{"never recorded", never, nil,
			results("problem event-not-recorded server-admin")},
		{"never recorded, of an application that isn't installed to the end", never, FactsByCheck{TokenAccepted: notInstalled}, results("unknown event-not-recorded portal-admin")},
		{"never recorded, and that said already", never, FactsByCheck{TokenAccepted: notInstalled, AppInstalled: &InstalledFacts{}}, results("skipped because app-installed")},
		{"recorded nevertheless", &EventTestFacts{Bound: true, Fired: true, Recorded: true}, FactsByCheck{TokenAccepted: notInstalled}, results("ok")},
		{"not an administrator", steps(get, step("event.bind", errorAnswer(bitrix.CodeAccessDenied, "Access denied!"))), nil, results("unknown event-test-denied portal-admin")},
		{"no licence", steps(get, step("event.bind", errorAnswer(bitrix.CodeAccessDenied, "REST is available only on commercial plans."))), FactsByCheck{RESTLicence: &LicenceFacts{Refused: []Refusal{{}}}}, results("skipped because rest-licence")},
		{"not paid for", steps(get, step("event.bind", errorAnswer(bitrix.CodePaymentRequired, "Payment required"))), FactsByCheck{RESTLicence: &LicenceFacts{Refused: []Refusal{{}}}}, results("skipped because rest-licence")},
		{"no licence for events alone", steps(get, step("event.bind", errorAnswer(bitrix.CodeWrongLicense, "This feature is not enabled for the current license"))), FactsByCheck{RESTLicence: &LicenceFacts{}},
			results("unknown refused-with-code portal-admin")},
		{"a webhook's kind of credential", steps(get, step("event.bind", errorAnswer(bitrix.CodeWrongAuthType, ""))), nil, results("unknown event-test-denied portal-admin")},
		{"no event.test", steps(get, step("event.bind", accepted), step("event.test", errorAnswer(bitrix.CodeMethodNotFound, "Method not found!")), unbind), nil,
			results("unknown refused-with-code portal-admin")},
		{"another error of event.test", steps(get, step("event.bind", accepted), step("event.test", errorAnswer(bitrix.CodeCore, "SQL query error!")), unbind), nil,
			results("unknown refused-with-code server-admin")},
		{"no answer to the reading", steps(get, step("event.bind", accepted), step("event.test", accepted), step("event.offline.get", unreached), unbind), nil,
			results("unknown timeout server-admin")},
		{"no answer to the binding", steps(get, step("event.bind", unreached), unbind), nil, results("unknown timeout server-admin")},
		{"a page", steps(get, step("event.bind", htmlPage), unbind), nil, results("unknown unexpected-answer server-admin")},
	})
}

func TestJudgeLimits(t *testing.T) {
	limited := func(all ...Limited) *LimitFacts { return &LimitFacts{Answered: 3, Limited: all} }
	judge(t, RateLimit, []verdict{
		{"none", limited(), nil, results("ok")},
		{"by the portal", limited(Limited{Status: 503, Error: bitrix.CodeQueryLimitExceeded}), nil, results("notice throttled server-admin")},
		{"by what stands in front", limited(Limited{Status: 429}), nil, results("notice throttled server-admin")},
		{"of REST 3.0", limited(Limited{Status: 429, Error: "BITRIX_REST_V3_EXCEPTIONS_RATELIMITEXCEPTION"}), nil, results("notice throttled server-admin")},
		{"on hold", limited(Limited{Status: 401, Error: bitrix.CodeOverloadLimit}), nil, results("notice overloaded portal-admin")},
		{"used up its time", limited(Limited{Status: 429, Error: bitrix.CodeOperationTimeLimit}), nil, results("notice operation-time portal-admin")},
		{"nginx's limit, between good answers", &LimitFacts{Answered: 3, Limited: []Limited{{Status: 503}}}, nil, results("notice throttled server-admin")},
		{"nothing but 503", &LimitFacts{Limited: []Limited{{Status: 503}}}, nil, results("ok")},
		{"no answer", &LimitFacts{BlockedBy: RESTRoute}, nil, results("skipped because rest-route")},
		{"nothing but the limit", &LimitFacts{Limited: []Limited{{Status: 429}}}, nil, results("unknown throttled server-admin")},
		{"all three, some twice", limited(Limited{Status: 429}, Limited{Status: 429}, Limited{Error: bitrix.CodeOverloadLimit}, Limited{Error: bitrix.CodeOperationTimeLimit}), nil,
			results("notice throttled server-admin", "notice overloaded portal-admin", "notice operation-time portal-admin")},
	})
}

func TestJudgeSelf(t *testing.T) {
	host := func(failure transport.Failure, date *time.Time) VendorFacts {
		return VendorFacts{Hosts: []HostSeen{{Host: "oauth.bitrix24.tech", Proxy: "proxy:3128", At: time.Unix(1_800_000_000, 0), Failure: failure, Date: date}}}
	}
	right, wrong := time.Unix(1_800_000_001, 0), time.Unix(1_800_001_300, 0)
	for _, c := range []struct {
		id ID
		verdict
	}{
		{SelfKeyring, verdict{"works", &KeyringFacts{}, nil, results("ok")}},
		{SelfKeyring, verdict{"absent", &KeyringFacts{Reason: vault.Absent}, nil, results("notice keyring-absent you")}},
		{SelfKeyring, verdict{"locked", &KeyringFacts{Reason: vault.Locked}, nil, results("notice keyring-locked you")}},
		{SelfKeyring, verdict{"refused", &KeyringFacts{Reason: vault.Refused}, nil, results("notice keyring-refused you")}},
		{SelfKeyring, verdict{"timeout", &KeyringFacts{Reason: vault.Timeout}, nil, results("notice keyring-timeout you")}},
		{SelfLoopback, verdict{"free", &LoopbackFacts{}, nil, results("ok")}},
		{SelfLoopback, verdict{"busy", &LoopbackFacts{Reason: oauthflow.PortBusy}, nil, results("problem port-busy you")}},
		{SelfLoopback, verdict{"reserved", &LoopbackFacts{Reason: oauthflow.PortReserved}, nil, results("problem port-reserved you")}},
		{SelfLoopback, verdict{"odd", &LoopbackFacts{Reason: oauthflow.PortOther}, nil, results("unknown unexpected-answer you")}},
		{SelfBrowser, verdict{"found", &BrowserFacts{Found: true}, nil, results("ok")}},
		{SelfBrowser, verdict{"none", &BrowserFacts{}, nil, results("notice no-browser you")}},
		{SelfProxy, verdict{"lets through", &SelfProxyFacts{host("", &right)}, nil, results("ok")}},
		{SelfProxy, verdict{"wants a password", &SelfProxyFacts{host(transport.ProxyAuth, nil)}, nil, results("problem proxy-auth-required you")}},
		{SelfProxy, verdict{"refuses", &SelfProxyFacts{host(transport.ProxyRefuse, nil)}, nil, results("problem proxy-refused you")}},
		{SelfClock, verdict{"right", &SelfClockFacts{host("", &right)}, nil, results("ok")}},
		{SelfClock, verdict{"wrong", &SelfClockFacts{host("", &wrong)}, nil, results("problem clock-wrong you")}},
		{SelfClock, verdict{"nobody to ask", &SelfClockFacts{host(transport.Timeout, nil)}, nil, results("unknown unexpected-answer you")}},
		{SelfDisplay, verdict{"opens", &DisplayFacts{OpenGL: true}, nil, results("ok")}},
		{SelfDisplay, verdict{"no OpenGL", &DisplayFacts{}, nil, results("notice no-opengl you")}},
	} {
		t.Run(string(c.id), func(t *testing.T) { judge(t, c.id, []verdict{c.verdict}) })
	}
}

func TestJudgeDelivery(t *testing.T) {
	step := func(method string, x *Exchange) EventStep { return EventStep{Method: method, Exchange: *x} }
	bound, fired, unbound := step("event.bind", accepted), step("event.test", accepted), step("event.unbind", accepted)
	facts := func(change func(*DeliveryFacts), steps ...EventStep) *DeliveryFacts {
		f := &DeliveryFacts{Receiver: "https://events.example", LimitMS: 120_000, WaitedMS: 120_000, Steps: steps}
		if change != nil {
			change(f)
		}
		return f
	}
	receiverError := func(reason ReceiverReason, failure transport.Failure) *DeliveryFacts {
		return facts(func(f *DeliveryFacts) {
			f.Trouble = &ReceiverTrouble{Leg: LegMailbox, Reason: reason, Failure: failure}
		})
	}
	judge(t, EventDelivery, []verdict{
		{"arrived", facts(func(f *DeliveryFacts) { f.Arrival = &Arrival{TookMS: 900} }, bound, fired, unbound), nil, results("ok")},
		{"arrived at the last look", facts(func(f *DeliveryFacts) { f.Arrival, f.LeftBound = &Arrival{TookMS: 119_000}, true }, bound, fired), nil, results("ok")},
		{"never came", facts(nil, bound, fired, unbound), nil, results("problem event-not-delivered network-admin")},
		{"never came, and the server says that it has no way out", facts(nil, bound, fired, unbound), FactsByCheck{ServerAuthServer: &ServerAuthFacts{Web: true, Hosts: []ServerHost{authHost(cisHost, true, endsAt(transport.StageTCP))}}},
			results("skipped because server-auth-server")},
		{"never came to a private address", facts(func(f *DeliveryFacts) { f.Addresses = []netip.Addr{netip.MustParseAddr("192.168.1.5")} }, bound, fired, unbound), nil,
			results("unknown unexpected-answer vendor")},
		{"never came to a public address", facts(func(f *DeliveryFacts) {
			f.Addresses = []netip.Addr{netip.MustParseAddr("192.168.1.5"), netip.MustParseAddr("203.0.113.9")}
		}, bound, fired, unbound), nil, results("problem event-not-delivered network-admin")},
		{"not waited for to the end", facts(func(f *DeliveryFacts) { f.WaitedMS = 119_999 }, bound, fired, unbound), nil, results("unknown timeout you")},
		{"the receiver lost the mailbox", facts(func(f *DeliveryFacts) { f.Trouble = &ReceiverTrouble{Leg: LegTravel, Reason: ReceiverForgot} }, bound, fired, unbound), nil,
			results("unknown unexpected-answer vendor")},
		{"the receiver stopped answering", facts(func(f *DeliveryFacts) {
			f.Trouble = &ReceiverTrouble{Leg: LegTravel, Reason: ReceiverUnreachable, Failure: transport.Timeout}
		}, bound, fired, unbound), nil, results("unknown timeout vendor")},
		{"refused by the receiver's host", receiverError(ReceiverUnreachable, transport.Refused), nil, results("unknown unexpected-answer vendor")},
		{"no network here", receiverError(ReceiverUnreachable, transport.NoNetwork), nil, results("unknown no-network you")},
		{"a proxy here", receiverError(ReceiverUnreachable, transport.ProxyRefuse), nil, results("unknown proxy-refused network-admin")},
		{"no room", receiverError(ReceiverBusy, ""), nil, results("unknown unexpected-answer vendor")},
		{"no receiver", receiverError(ReceiverNone, ""), nil, results("unknown unexpected-answer vendor")},
		{"nothing at all", facts(nil), nil, results("unknown unexpected-answer vendor")},
		{"the address refused", facts(nil, step("event.bind", errorAnswer("ERROR_WRONG_HANDLER_URL", "Wrong handler URL"))), nil, results("unknown refused-with-code you")},
		{"not allowed", facts(nil, step("event.bind", errorAnswer(bitrix.CodeAccessDenied, "Access denied!"))), nil, results("unknown refused-with-code portal-admin")},
		{"no licence", facts(nil, step("event.bind", errorAnswer(bitrix.CodePaymentRequired, "Payment required"))), FactsByCheck{RESTLicence: &LicenceFacts{Refused: []Refusal{{}}}}, results("skipped because rest-licence")},
		{"no answer to the binding", facts(nil, step("event.bind", unreached), unbound), nil, results("unknown timeout server-admin")},
		{"no answer to the firing", facts(nil, bound, step("event.test", unreached), unbound), nil, results("unknown timeout server-admin")},
		{"a page instead of firing", facts(nil, bound, step("event.test", htmlPage), unbound), nil, results("unknown unexpected-answer server-admin")},
	})
}
