package gui_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// threadBound reports whether a package may be used on the Fyne thread only: Fyne itself, our widgets, the pages and the model.
func threadBound(path string) bool {
	return strings.HasPrefix(path, "fyne.io/fyne/") || path == "boxready/gui" || strings.HasPrefix(path, "boxready/gui/widgets") ||
		strings.HasPrefix(path, "boxready/gui/model") || strings.HasPrefix(path, "boxready/gui/style")
}

// starters are the functions that run their argument on a goroutine of its own.
var starters = []string{"(*sync.WaitGroup).Go", "time.AfterFunc", "context.AfterFunc", "(*golang.org/x/sync/errgroup.Group).Go"}

// threadSafe are the window's own methods that any goroutine may call.
var threadSafe = []string{"(*boxready/gui.tasks).do", "(*boxready/gui.tasks).background", "(*boxready/gui.tasks).atClose"}

// TestFyneIsUsedOnItsThreadOnly analyzes the window's source, with a file of mistakes beside it, each marked with a comment: those
// must be found, and no other.
func TestFyneIsUsedOnItsThreadOnly(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the types of the whole window")
	}
	bad, err := os.ReadFile("testdata/thread/mistakes.go")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]bool{}
	for _, problem := range findCalls(t, map[string][]byte{filepath.Join(folder, "mistakes.go"): bad}) {
		if filepath.Base(problem.at.Filename) != "mistakes.go" {
			t.Error(problem)
		}
		found[problem.at.Line] = true
	}
	for i, line := range strings.Split(string(bad), "\n") {
		if want := strings.Contains(line, "// mistake"); want != found[i+1] {
			t.Errorf("mistakes.go:%d: a mistake: %t, found: %t: %s", i+1, want, found[i+1], line)
		}
	}
}

type finding struct {
	at   token.Position
	what string
}

func (f finding) String() string { return fmt.Sprintf("%s: %s", f.at, f.what) }

func findCalls(t *testing.T, overlay map[string][]byte) []finding {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.LoadSyntax, Overlay: overlay, BuildFlags: []string{"-tags", "nogui"}, Env: append(os.Environ(), "CGO_ENABLED=0"),
	}, "boxready/gui/...")
	if err != nil {
		t.Fatal(err)
	}
	l := &linter{bodies: map[*types.Func]body{}}
	for _, p := range loaded {
		for _, e := range p.Errors {
			t.Fatal(e)
		}
		for _, file := range p.Syntax {
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
					l.bodies[p.TypesInfo.Defs[f.Name].(*types.Func)] = body{p, f.Body}
				}
			}
		}
	}
	for _, p := range loaded {
		for _, file := range p.Syntax {
			l.file(p, file)
		}
	}
	return l.found
}

type body struct {
	*packages.Package
	block *ast.BlockStmt
}

type linter struct {
	bodies  map[*types.Func]body
	checked []*ast.BlockStmt
	found   []finding
}

func (l *linter) add(p *packages.Package, n ast.Node, format string, args ...any) {
	l.found = append(l.found, finding{p.Fset.Position(n.Pos()), fmt.Sprintf(format, args...)})
}

// file finds where goroutines begin, and analyzes what they do.
func (l *linter) file(p *packages.Package, file *ast.File) {
	inDo := p.PkgPath == "boxready/gui" && filepath.Base(p.Fset.Position(file.Pos()).Filename) == "do.go"
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if !inDo {
				l.add(p, n, "a goroutine is started outside do.go; use background")
			}
			return false
		case *ast.CallExpr:
			name := l.callee(p, n)
			switch {
			case slices.Contains(starters, name) && !inDo:
				l.add(p, n, "%s starts a goroutine outside do.go; use background", name)
			case name == "(*boxready/gui.tasks).background":
				l.work(p, n.Args[0])
			}
		case *ast.SelectorExpr:
			if f, ok := p.TypesInfo.Uses[n.Sel].(*types.Func); ok && !inDo && f.Pkg() != nil && f.Pkg().Path() == "fyne.io/fyne/v2" && (f.Name() == "Do" || f.Name() == "DoAndWait") {
				l.add(p, n, "fyne.%s outside do.go", f.Name())
			}
		case *ast.FuncDecl:
			// An observer is called on the run's goroutines.
			if n.Recv != nil && n.Body != nil && observes(p, n) {
				l.body(p, n.Body)
			}
		}
		return true
	})
}

// observes reports whether a method is one of a checks.Observer's.
func observes(p *packages.Package, f *ast.FuncDecl) bool {
	imported := p.Imports["boxready/checks"]
	if imported == nil || f.Name.Name != "Started" && f.Name.Name != "Finished" {
		return false
	}
	observer := imported.Types.Scope().Lookup("Observer").Type().Underlying().(*types.Interface)
	receiver := p.TypesInfo.Defs[f.Name].(*types.Func).Signature().Recv().Type()
	return types.Implements(receiver, observer)
}

func (l *linter) callee(p *packages.Package, call *ast.CallExpr) string {
	var id *ast.Ident
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	default:
		return ""
	}
	if f, ok := p.TypesInfo.Uses[id].(*types.Func); ok {
		return f.FullName()
	}
	return ""
}

// work analyzes a function that runs off the Fyne thread and returns one to run on it.
func (l *linter) work(p *packages.Package, f ast.Expr) {
	switch f := ast.Unparen(f).(type) {
	case *ast.FuncLit:
		l.body(p, f.Body)
	default:
		l.add(p, f, "background wants a function literal, so that it can be analyzed")
	}
}

func (l *linter) body(p *packages.Package, block *ast.BlockStmt) {
	if slices.Contains(l.checked, block) {
		return
	}
	l.checked = append(l.checked, block)
	ast.Inspect(block, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			// What is returned runs on the Fyne thread; a call in its place runs now.
			for _, result := range n.Results {
				if _, ok := ast.Unparen(result).(*ast.FuncLit); !ok {
					ast.Inspect(result, func(n ast.Node) bool { return l.node(p, n) })
				}
			}
			return false
		default:
			return l.node(p, n)
		}
	})
}

// node analyzes a node of what runs off the Fyne thread, and reports whether to visit its children.
func (l *linter) node(p *packages.Package, n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := l.callee(p, n)
		if slices.Contains(threadSafe, name) {
			return false // their argument runs on the Fyne thread, or is analyzed by itself
		}
		if field := fieldOf(p, n.Fun); field != nil && !field.Exported() && field.Pkg().Path() == "boxready/gui" {
			l.add(p, n, "%s is called off the Fyne thread", field.Name())
			return true
		}
		f, ok := l.function(p, n)
		if !ok || f.Pkg() == nil || !threadBound(f.Pkg().Path()) {
			return true
		}
		if called, ours := l.bodies[f]; ours {
			l.body(called.Package, called.block)
			return true
		}
		// The interfaces in Params are called off the thread on purpose.
		if f.Pkg().Path() == "boxready/gui" && ofExportedInterface(f) {
			return true
		}
		l.add(p, n, "%s is called off the Fyne thread", name)
	case *ast.AssignStmt:
		for _, left := range n.Lhs {
			l.assigned(p, left)
		}
	case *ast.IncDecStmt:
		l.assigned(p, n.X)
	}
	return true
}

func (l *linter) function(p *packages.Package, call *ast.CallExpr) (*types.Func, bool) {
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		fn, ok := p.TypesInfo.Uses[f].(*types.Func)
		return fn, ok
	case *ast.SelectorExpr:
		fn, ok := p.TypesInfo.Uses[f.Sel].(*types.Func)
		return fn, ok
	}
	return nil, false
}

// fieldOf is the field that a function is called from; nil if it isn't one.
func fieldOf(p *packages.Package, f ast.Expr) *types.Var {
	if s, ok := ast.Unparen(f).(*ast.SelectorExpr); ok {
		if v, ok := p.TypesInfo.Uses[s.Sel].(*types.Var); ok && v.IsField() && v.Pkg() != nil {
			return v
		}
	}
	return nil
}

func ofExportedInterface(f *types.Func) bool {
	receiver := f.Signature().Recv()
	if receiver == nil || !types.IsInterface(receiver.Type()) {
		return false
	}
	named, ok := receiver.Type().(*types.Named)
	return ok && named.Obj().Exported()
}

// assigned reports the assignment of a field that belongs to the Fyne thread.
func (l *linter) assigned(p *packages.Package, left ast.Expr) {
	switch e := ast.Unparen(left).(type) {
	case *ast.IndexExpr:
		l.assigned(p, e.X)
	case *ast.StarExpr:
		l.assigned(p, e.X)
	case *ast.SelectorExpr:
		if v, ok := p.TypesInfo.Uses[e.Sel].(*types.Var); ok && v.IsField() && v.Pkg() != nil && threadBound(v.Pkg().Path()) {
			l.add(p, left, "%s is changed off the Fyne thread", e.Sel.Name)
		}
	}
}
