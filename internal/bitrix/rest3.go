package bitrix

// REST3Since is the version of module rest that brought REST 3.0, the methods
// under /rest/api/ (release notes of the module).
const REST3Since = "25.800.0"

// REST3Prefix begins the name of a method that is meant as REST 3.0 has it, as
// in the path /rest/api/tasks.task.get. Methods that only REST 3.0 has are meant
// without it, too.
const REST3Prefix = "api/"

// OnlyREST3 reports whether the method, as named, is reached under /rest/api/
// and nowhere else.
func (m MethodInfo) OnlyREST3() bool { return m.API3 && !m.API2 }

// inREST3 returns what is known of the method under /rest/api/. The facts on
// versions are about the method under /rest/.
func (m MethodInfo) inREST3() (MethodInfo, bool) {
	if !m.API2 || !m.API3 {
		return m, m.API3
	}
	return MethodInfo{
		Name: REST3Prefix + m.Name, Module: m.Module, Scope: m.ScopeV3, Scopes: scopeList(m.ScopeV3, ""),
		Who: m.Who, AppAuthOnly: m.AppAuthOnly, API3: true, doc: m.docV3,
	}, true
}
