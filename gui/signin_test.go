package gui_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/demo"
	"boxready/internal/portal"
	"boxready/internal/simportal"
	"boxready/internal/transport"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// signInServer is a simulated portal with a browser, and an App with a keyring that can be locked.
type signInServer struct {
	sim     *simportal.Sim
	access  *app.App
	keyring *keyring
	grant   simportal.Grant
	// browser gets the addresses that the browser was asked to open; it opens them if follow is true.
	browser chan string
	follow  bool
	client  *http.Client // connects to the portal as the browser does
}

func newSignInServer(t *testing.T, follow bool, faults ...string) *signInServer {
	t.Helper()
	// A random address, which no other test uses.
	listen := fmt.Sprintf("127.%d.%d.%d:41924", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	sim, err := simportal.Start(simportal.Options{Faults: faults, RedirectURI: "http://" + listen + oauthflow.Path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	roots, err := transport.ParseRoots(sim.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	way := transport.Options{Roots: transport.Pool(roots), Version: "test", TimeoutScale: 4} // no time-out is wanted, on however busy a machine
	for _, place := range sim.ConnectTo() {
		override, err := transport.ParseOverride(place)
		if err != nil {
			t.Fatal(err)
		}
		way.ConnectTo = append(way.ConnectTo, override)
	}
	n := transport.New(way)
	d := &signInServer{sim: sim, keyring: &keyring{kept: map[string]string{}}, grant: sim.IssueGrant(simportal.TokenValid), browser: make(chan string, 10), follow: follow, client: n.HTTPClient()}
	open := demo.Browser(n)
	d.access, err = app.New(app.Options{
		Transport: func(o *transport.Options) { *o = way }, Keyring: d.keyring, Listen: listen,
		OpenBrowser: func(address string) error {
			d.browser <- address
			if d.follow {
				return open(address)
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// keyring is a fake that can be locked.
type keyring struct {
	mu     sync.Mutex
	locked error
	kept   map[string]string
}

func (k *keyring) lock(with error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.locked = with
}

func (k *keyring) Get(key string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	value, ok := k.kept[key]
	if k.locked == nil && !ok {
		return "", vault.ErrNotFound
	}
	return value, k.locked
}

func (k *keyring) Set(key, value string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.locked == nil {
		k.kept[key] = value
	}
	return k.locked
}

func (k *keyring) Delete(key string) error {
	_, err := k.Get(key)
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, key)
	return err
}

// openSignIn opens the window on the page for signing in.
func openSignIn(t *testing.T, d *signInServer, s setup) *testWindow {
	t.Helper()
	s.access = d.access
	if s.checker == nil {
		s.checker = &fakeChecker{outcome: replayed(t, "auth-server")}
	}
	r := open(t, s)
	r.signInTo(d.sim.Host())
	r.mustSay("Вход через браузер")
	return r
}

// pasteInto pastes a text into the field below a name.
func (r *testWindow) pasteInto(name, text string) {
	r.t.Helper()
	r.focusField(name)
	r.app.Clipboard().SetContent(text)
	r.shortcut(&fyne.ShortcutPaste{Clipboard: r.app.Clipboard()})
}

// focusField focuses the first field below a text.
func (r *testWindow) focusField(name string) {
	r.t.Helper()
	var seen bool
	var field fyne.Focusable
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if text, ok := textOf(o); ok && strings.Contains(text, name) {
			seen = true
		}
		if e, ok := o.(interface {
			fyne.Focusable
			SelectedText() string
			CursorTextOffset() int
		}); ok && seen && field == nil {
			field = e
		}
		return true
	})
	if field == nil {
		r.t.Fatalf("no field below %q; the window shows:\n%s", name, strings.Join(r.texts(), "\n"))
	}
	r.canvas().Focus(field)
}

func (d *signInServer) authorizeCalls() (n int) {
	for _, r := range d.sim.Log() {
		if strings.HasPrefix(r.Path, "/oauth/authorize") {
			n++
		}
	}
	return n
}

func TestSignInThroughTheBrowser(t *testing.T) {
	d := newSignInServer(t, true)
	r := openSignIn(t, d, setup{})
	r.key(fyne.KeyReturn) // the button that begins has the focus
	r.mustSay("1. Добавьте приложение на портал", "https://"+d.sim.Host()+"/devops/", d.access.ReturnAddress(), "user_basic", "Место хранения — связка ключей")
	r.tap("Раздел «Добавить приложение» (старые порталы)")
	r.mustSay("https://" + d.sim.Host() + "/marketplace/local/")

	r.tapAfter(d.access.ReturnAddress(), "Скопировать")
	if got := r.app.Clipboard().Content(); got != d.access.ReturnAddress() {
		t.Errorf("copied %q", got)
	}

	// Mistakes are shown as they are pasted.
	r.pasteInto("Код приложения", d.grant.ClientSecret)
	r.mustSay("Код и ключ перепутаны: здесь нужен код приложения")
	r.tap("Открыть браузер и войти")
	r.mustSay("Не указан ключ приложения")
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.focusField("Код приложения (client_id)")
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.pasteInto("Код приложения (client_id)", " "+d.grant.ClientID+"\n")
	r.mustNotSay("перепутаны")
	r.pasteInto("Ключ приложения (client_secret)", d.grant.ClientSecret)
	r.mustNotSay("Не указан")

	// Nothing is sent to the portal before the owner has confirmed its address.
	r.key(fyne.KeyReturn)
	r.mustSay("https://" + d.sim.Host() + " — по этому адресу портал открывают сотрудники и приложения?")
	if len(d.sim.Log()) > 0 {
		t.Fatalf("asked before the confirmation: %v", d.sim.Log()[0].Path)
	}
	r.key(fyne.KeyEscape)
	r.mustNotSay("по этому адресу портал открывают")
	r.tap("Открыть браузер и войти")
	r.tap("Да, открыть браузер")

	// The check goes on by itself, with the sign-in, on its page.
	r.mustSay("пока работать не будут")
	if n := d.authorizeCalls(); n != 1 {
		t.Errorf("the page for signing in was opened %d times", n)
	}

	// The browser can load the page with the outcome again.
	page, err := http.Get(d.access.ReturnAddress() + "/outcome")
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	if page.StatusCode != http.StatusOK {
		t.Errorf("the page with the outcome, loaded again: %s", page.Status)
	}

	if n := len(r.checker.asked()); n != 1 {
		t.Fatalf("%d runs after the sign-in", n)
	}
	target := r.checker.asked()[0]
	if target.SignIn == nil || target.Webhook != nil || !slices.Contains(target.Consents, checks.Deep) {
		t.Errorf("the run's target: %+v", target)
	}

	r.openSection("sign-in")
	r.mustSay("Приложение "+d.grant.ClientID+", действует до ", "Выйти с портала…")
	r.tapAfter("действует до", "Выйти с портала…")
	r.mustSay("На портале ничего не изменится")
	r.tapAfter("", "Выйти с портала")
	r.waitUntil("the end of it", func() bool { return !r.says("действует до") && r.says("Войти…") })
	if len(d.keyring.kept) > 1 { // the keyring's list of names stays
		t.Errorf("in the keyring: %d entries", len(d.keyring.kept))
	}
	r.tap("Проверка")
	r.key(fyne.KeyF5)
	r.waitUntil("the second run", func() bool { return len(r.checker.asked()) == 2 })
	if r.checker.asked()[1].SignIn != nil {
		t.Error("the run after signing out uses the sign-in")
	}
}

func TestSavedCredentialsAreReadForARun(t *testing.T) {
	d := newSignInServer(t, true)
	kept := store.Open("")
	r := openSignIn(t, d, setup{store: kept})
	r.pasteInto("Адрес вебхука", d.sim.Webhook())
	r.key(fyne.KeyReturn)
	r.mustSay("Готово. Следующая")
	r.mustNotSay(d.sim.Webhook())
	r.waitUntil("the note", func() bool { p, _ := kept.Portal("https://" + d.sim.Host()); return p.Keys })

	// The next start.
	again := open(t, setup{store: kept, access: d.access, checker: &fakeChecker{outcome: replayed(t, "auth-server")}})
	again.check(d.sim.Host())
	again.mustSay("пока работать не будут")
	if target := again.checker.asked()[0]; target.Webhook == nil || target.Webhook.URL().Reveal() != d.sim.Webhook() {
		t.Error("the run has no webhook")
	}

	// The keyring isn't read for a portal without saved credentials.
	d.keyring.lock(errors.New("must not be asked"))
	other := open(t, setup{access: d.access, checker: &fakeChecker{outcome: replayed(t, "auth-server")}})
	other.check("other.example")
	other.mustSay("пока работать не будут")
}

func TestWebhookGivenAsAddressIsOffered(t *testing.T) {
	for answer, used := range map[string]bool{"Сохранить": true, "Отмена": false} {
		t.Run(answer, func(t *testing.T) {
			d := newSignInServer(t, true)
			r := open(t, setup{access: d.access, checker: &fakeChecker{outcome: replayed(t, "auth-server")}})
			r.check("Вебхук: " + d.sim.Webhook())
			r.mustSay("Это адрес вебхука")
			r.mustNotSay(d.sim.Webhook())
			if n := len(r.checker.asked()); n != 0 {
				t.Fatalf("%d runs before the answer", n)
			}
			r.tap(answer)
			r.mustSay("Не уверен — проверить без токена")
			r.tap("Не уверен — проверить без токена")
			r.mustSay("пока работать не будут")
			target := r.checker.asked()[0]
			if (target.Webhook != nil) != used || len(r.checker.asked()) != 1 {
				t.Errorf("%d runs, the first with %v", len(r.checker.asked()), target.Webhook)
			}
			if kept := len(d.keyring.kept) > 0; kept != used {
				t.Errorf("kept: %v", kept)
			}
		})
	}
}

func TestSignInRefusedForAWrongPortalAddress(t *testing.T) {
	d := newSignInServer(t, true, "https-not-seen")
	r := openSignIn(t, d, setup{})
	r.beginSignIn(d)
	r.mustSay("Входить по этому адресу нельзя")
	r.mustSay("портал сообщает серверу авторизации свой адрес")
	if d.authorizeCalls() > 0 || len(d.sim.ReportedAddresses()) > 0 || len(d.browser) > 0 {
		t.Error("the page for signing in was opened")
	}
	r.tap("Показать проверку")
	r.mustSay("пока работать не будут")
}

// beginSignIn fills in the guide and confirms.
func (r *testWindow) beginSignIn(d *signInServer) {
	r.t.Helper()
	r.tapAfter("", "Войти…")
	r.pasteInto("Код приложения (client_id)", d.grant.ClientID)
	r.pasteInto("Ключ приложения (client_secret)", d.grant.ClientSecret)
	r.key(fyne.KeyReturn)
	r.tap("Да, открыть браузер")
}

func TestSignInWithoutAResponse(t *testing.T) {
	d := newSignInServer(t, false)
	r := openSignIn(t, d, setup{})
	r.beginSignIn(d)
	r.mustSay("Ждём ответа браузера · осталось 5:00")
	address := <-d.browser
	r.mustSay(address)
	r.mustNotSay("С портала пока ничего не пришло")
	r.advance(time.Second)
	r.mustSay("осталось 4:59")
	r.advance(time.Minute)
	r.mustSay("осталось 3:59", "С портала пока ничего не пришло", "в карточке приложения не указан обработчик "+d.access.ReturnAddress())

	r.tap("Открыть ещё раз")
	if again := <-d.browser; again != address {
		t.Errorf("opened %s again", again)
	}
	r.tap("Скопировать адрес")
	if got := r.app.Clipboard().Content(); got != address {
		t.Errorf("copied %q", got)
	}

	page, err := http.Get(d.access.ReturnAddress() + "?code=0123456789abcdef&state=of-another-attempt")
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	r.mustSay("Браузер передал ответ на другую попытку входа")

	r.tap("Вставить код…")
	r.typeIn("не код")
	r.tap("Войти с этим кодом")
	r.mustSay("Это не похоже ни на код, ни на адрес")
	r.focusField("Код, который показал портал")
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.pasteInto("Код, который показал портал", strings.Repeat("Ы", 1<<20))
	r.tap("Войти с этим кодом")
	r.mustSay("Это не похоже ни на код, ни на адрес")

	// The address that the browser ended on.
	answer := d.answer(t, address)
	r.focusField("Код, который показал портал")
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.pasteInto("Код, который показал портал", answer)
	r.key(fyne.KeyReturn)
	r.mustSay("пока работать не будут") // of the run that follows
}

func TestSignInCancelled(t *testing.T) {
	for name, cancel := range map[string]func(*testWindow){
		"by Esc":      func(r *testWindow) { r.key(fyne.KeyEscape) },
		"by a button": func(r *testWindow) { r.tap("Отмена") },
		"by leaving":  func(r *testWindow) { r.tap("Назад") },
		"by closing":  func(r *testWindow) { r.w.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			d := newSignInServer(t, false)
			r := openSignIn(t, d, setup{})
			r.beginSignIn(d)
			r.mustSay("Ждём ответа браузера")
			cancel(r)
			r.w.Close() // waits until the port is free
			if err := oauthflow.ProbePort(t.Context(), strings.TrimSuffix(strings.TrimPrefix(d.access.ReturnAddress(), "http://"), oauthflow.Path)); err != nil {
				t.Errorf("the port is not free: %v", err)
			}
		})
	}
}

func TestSignInWithAWrongSecret(t *testing.T) {
	d := newSignInServer(t, true, "client-invalid")
	r := openSignIn(t, d, setup{})
	r.beginSignIn(d)
	r.mustSay("Войти не удалось")
	r.mustSay("не принял ключ приложения (client_secret)", "Открыть браузер и войти")
}

func TestKeyringLocked(t *testing.T) {
	d := newSignInServer(t, true)
	d.keyring.lock(&vault.Error{Reason: vault.Locked})
	r := openSignIn(t, d, setup{})
	r.mustSay("Хранится только в памяти", "Хранилище паролей заблокировано (связка ключей")
	r.pasteInto("Адрес вебхука", d.sim.Webhook())
	r.tap("Сохранить")
	r.mustSay("Готово. Следующая")
	d.keyring.lock(nil)
	r.tap("Повторить")
	r.mustSay("Место хранения — связка ключей")
	r.mustSay("Вебхук сохранён")

	// It is locked again during a sign-in.
	r.tap("Войти…")
	d.keyring.lock(&vault.Error{Reason: vault.Locked})
	r.tap("Назад")
	r.beginSignIn(d)
	r.mustSay("Вход выполнен, но сохранить его не удалось")
	d.keyring.lock(nil)
	r.tapAfter("сохранить его не удалось", "Повторить")
	r.mustSay("пока работать не будут")
	r.openSection("sign-in")
	r.mustSay("Вебхук сохранён", d.grant.ClientID)
}

func TestWebhookMistakes(t *testing.T) {
	d := newSignInServer(t, false)
	r := openSignIn(t, d, setup{})
	for text, says := range map[string]string{
		"https://" + d.sim.Host() + "/company/":              "Это не адрес входящего вебхука",
		"https://other.example/rest/1/abcdef0123456789/":     "Это вебхук другого портала: https://other.example",
		strings.Replace(d.sim.Webhook(), "https", "http", 1): "Адрес начинается с http://",
		"чепуха": "Это не адрес входящего вебхука",
	} {
		r.focusField("Адрес вебхука")
		r.shortcut(&fyne.ShortcutSelectAll{})
		r.pasteInto("Адрес вебхука", text)
		r.mustSay(says)
		r.tap("Сохранить")
		r.mustSay(says)
	}
	r.focusField("Адрес вебхука")
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.pasteInto("Адрес вебхука", d.sim.Webhook())
	r.mustNotSay("Это не адрес", "другого портала", "Адрес начинается")
	r.key(fyne.KeyReturn)
	r.mustSay("Готово. Следующая")
	r.tap("Удалить")
	r.tapAfter("", "Удалить")
	r.waitUntil("the end of it", func() bool { return !r.says("Вебхук сохранён") && r.says("Сохранить") })
	if len(d.sim.Log()) > 0 {
		t.Errorf("the portal was asked: %s", d.sim.Log()[0].Path)
	}
}

func TestSignInAsksForTheRegion(t *testing.T) {
	d := newSignInServer(t, false)
	r := openSignIn(t, d, setup{})
	r.beginSignIn(d)
	r.mustSay("Ждём ответа браузера")
	answer := d.answer(t, <-d.browser)
	_, query, _ := strings.Cut(answer, "code=")
	code, _, _ := strings.Cut(query, "&")
	r.tap("Вставить код…")
	r.pasteInto("Код, который показал портал", code)
	r.key(fyne.KeyReturn)
	r.mustSay("Где куплена его лицензия?")
	r.tap("Россия и СНГ")
	r.mustSay("пока работать не будут") // of the run that follows
}

// answer is the address that the portal redirects to.
func (d *signInServer) answer(t *testing.T, address string) string {
	t.Helper()
	response, err := d.client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	answer, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	return answer.String()
}

// tapAfter presses the object with exactly this text on it that comes after another text.
func (r *testWindow) tapAfter(after, text string) {
	r.t.Helper()
	seen := after == ""
	var found fyne.Tappable
	var pressable []fyne.Tappable
	var visit func(o fyne.CanvasObject)
	visit = func(o fyne.CanvasObject) {
		if o == nil || !o.Visible() || found != nil {
			return
		}
		if tappable, ok := o.(fyne.Tappable); ok {
			pressable = append(pressable, tappable)
			defer func() { pressable = pressable[:len(pressable)-1] }()
		}
		if said, ok := textOf(o); ok {
			if seen && said == text && len(pressable) > 0 {
				found = pressable[len(pressable)-1]
			}
			seen = seen || strings.Contains(said, after)
			return
		}
		for _, inside := range children(o) {
			visit(inside)
		}
	}
	root := r.canvas().Content()
	if over := r.canvas().Overlays().Top(); over != nil {
		root = over
	}
	visit(root)
	if found == nil {
		r.t.Fatalf("no %q after %q; the window shows:\n%s", text, after, strings.Join(r.texts(), "\n"))
	}
	test.Tap(found)
}

var _ gui.Access = (*app.App)(nil)

// fakeAccess is an Access with fixed keys whose sign-in the test sets.
type fakeAccess struct {
	keys    app.Keys
	start   func(context.Context, app.SignIn) (*oauthflow.Flow, error)
	renewed chan struct{} // nil: no renewal is in progress
}

func (d *fakeAccess) FinishRenewals() <-chan struct{} {
	if d.renewed == nil {
		return closedChannel()
	}
	return d.renewed
}

func closedChannel() <-chan struct{} {
	none := make(chan struct{})
	close(none)
	return none
}

func (d *fakeAccess) ReturnAddress() string                               { return oauthflow.ReturnAddress() }
func (d *fakeAccess) Keys(context.Context, portal.Address) app.Keys       { return d.keys }
func (d *fakeAccess) SignOut(context.Context, portal.Address) error       { return nil }
func (d *fakeAccess) SaveWebhook(context.Context, portal.Webhook) error   { return nil }
func (d *fakeAccess) RemoveWebhook(context.Context, portal.Address) error { return nil }
func (d *fakeAccess) Forget(context.Context, portal.Address) error        { return nil }
func (d *fakeAccess) SaveSignIn(context.Context, portal.Address, oauthflow.App, oauthflow.Token) error {
	return nil
}
func (d *fakeAccess) MaySignIn(context.Context, checks.Target, checks.Observer) error { return nil }
func (d *fakeAccess) StartSignIn(ctx context.Context, s app.SignIn) (*oauthflow.Flow, error) {
	return d.start(ctx, s)
}

// signInWaiting shows the address of a sign-in, which is random.
const signInWaiting = "sign-in waiting"

// signInTo opens the section for a portal that was not checked.
func (r *testWindow) signInTo(address string) {
	r.t.Helper()
	r.w.OpenPortal(address)
	r.openSection("sign-in")
}

// signInStates are the states of the page for signing in.
func signInStates() []pageState {
	kept := app.Keys{Place: vault.InKeyring}
	at := func(d *fakeAccess) func(*testing.T) setup { return func(*testing.T) setup { return setup{access: d} } }
	failing := func(err error) *fakeAccess {
		return &fakeAccess{keys: kept, start: func(context.Context, app.SignIn) (*oauthflow.Flow, error) { return nil, err }}
	}
	enter := func(r *testWindow) {
		r.signInTo("portal.example.ru")
		r.mustSay(r.say("window.sign-in.browser-text", nil))
	}
	guide := func(r *testWindow) {
		enter(r)
		r.tapAfter("", r.say("window.sign-in.begin", nil))
	}
	begin := func(r *testWindow) {
		guide(r)
		r.pasteInto(r.say("window.sign-in.client-id", nil), "local.655f1c2d8a1b37.42180155")
		r.pasteInto(r.say("window.sign-in.client-secret", nil), strings.Repeat("s", 50))
		r.key(fyne.KeyReturn)
		r.tap(r.say("window.sign-in.confirm-yes", nil))
	}
	fails := func(title string) func(*testWindow) {
		return func(r *testWindow) {
			begin(r)
			r.mustSay(r.say("window.sign-in."+title, nil))
		}
	}
	full := kept
	full.Account = oauthflow.Account{ClientID: "local.655f1c2d8a1b37.42180155", Ends: time.Date(2027, 5, 22, 0, 0, 0, 0, time.UTC), Webhook: true}
	full.Webhook, full.SignIn = &portal.Webhook{}, &oauthflow.Source{}
	locked := app.Keys{Place: vault.InMemory, Unkept: &vault.Error{Reason: vault.Locked}}
	damaged := kept
	damaged.Err = vault.ErrDamaged
	return []pageState{
		{"sign-in ways", at(&fakeAccess{keys: kept}), enter},
		{"sign-in kept", at(&fakeAccess{keys: full}), enter},
		{"sign-in without a keyring", at(&fakeAccess{keys: locked}), enter},
		{"sign-in damaged", at(&fakeAccess{keys: damaged}), enter},
		{"sign-in unread", func(t *testing.T) setup {
			return setup{store: withWebhook(t), access: &fakeAccess{keys: app.Keys{Place: vault.InMemory, Unkept: &vault.Error{Reason: vault.Refused}}}}
		}, enter},
		{"sign-in refused", func(t *testing.T) setup {
			return setup{store: withWebhook(t), access: &fakeAccess{keys: keptSignIn(mustParse(t, "portal.example.ru"))}, checker: reachable(t, refusedSignIn(t, "invalid_grant"))}
		}, func(r *testWindow) {
			r.check("portal.example.ru")
			r.waitUntil("the end of the run", r.verdictShown)
			r.openSection("sign-in")
		}},
		{"sign-in obstacle", func(t *testing.T) setup { return setup{access: &fakeAccess{keys: kept}, checker: faulty(t)} }, func(r *testWindow) {
			r.check("portal.example.ru")
			r.waitUntil("the end of the run", r.verdictShown)
			r.w.OpenGuide()
			// The page is built again when the keyring has been read.
			r.mustSay(r.say("window.sign-in.open-browser", nil), r.say("window.sign-in.place", checks.Args{"place": r.words().Say("sign-in.place-"+vault.InKeyring.Keeper(), nil)}))
		}},
		{"sign-in guide", at(&fakeAccess{keys: kept}), guide},
		{"sign-in mistakes", at(&fakeAccess{keys: kept}), func(r *testWindow) {
			guide(r)
			r.pasteInto(r.say("window.sign-in.client-id", nil), strings.Repeat("s", 24))
			r.tap(r.say("window.sign-in.open-browser", nil))
		}},
		{"sign-in confirmed", at(&fakeAccess{keys: kept}), func(r *testWindow) {
			guide(r)
			r.pasteInto(r.say("window.sign-in.client-id", nil), "local.655f1c2d8a1b37.42180155")
			r.pasteInto(r.say("window.sign-in.client-secret", nil), strings.Repeat("s", 50))
			r.key(fyne.KeyReturn)
		}},
		{signInWaiting, at(&fakeAccess{keys: kept, start: func(ctx context.Context, s app.SignIn) (*oauthflow.Flow, error) {
			return oauthflow.Start(ctx, oauthflow.Options{
				Portal: s.Portal, Confirmed: true, App: s.App, PasteOnly: true, OpenBrowser: func(string) error { return nil },
				Server: oauthflow.ChooseServer(nil, "", bitrix.CIS),
			})
		}}), func(r *testWindow) {
			begin(r)
			r.mustSay(r.say("window.sign-in.open-again", nil))
			r.advance(time.Minute)
			r.mustSay(r.say("sign-in.silence", nil))
			r.tap(r.say("window.sign-in.paste", nil))
		}},
		{"sign-in blocked", at(failing(&app.BlockedError{Result: checks.Result{Check: checks.HTTPSSeen, State: checks.Problem, Cause: checks.HTTPSNotSeen, Owner: checks.ServerAdmin}})), fails("blocked")},
		{"sign-in without a port", at(failing(&oauthflow.PortError{Reason: oauthflow.PortReserved})), fails("no-port")},
		{"sign-in without a region", at(failing(oauthflow.ErrRegionUnknown)), fails("which-region")},
		{"sign-in failed", at(failing(oauthflow.ErrInvalidClient)), fails("failed")},
	}
}
