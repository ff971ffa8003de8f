package notify

import (
	"encoding/base64"
	"encoding/binary"
	"unicode/utf16"
)

// toast shows a notification from Windows' own PowerShell. The key of the registry gives the sender a name, as Microsoft describes it
// for programs that aren't packaged. The texts are in base64, so that nothing in them is taken for the script.
func toast(title, text string) string {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(clean(s))) }
	return `$ErrorActionPreference = 'Stop'
function Decode($s) { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($s)) }
$id = '` + appID + `'
$key = "HKCU:\Software\Classes\AppUserModelId\$id"
if (-not (Test-Path $key)) { New-Item $key -Force | Out-Null }
Set-ItemProperty $key DisplayName BoxReady
[Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime] | Out-Null
$lines = [xml][Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02).GetXml()
$lines.GetElementsByTagName('text')[0].AppendChild($lines.CreateTextNode((Decode '` + encode(title) + `'))) | Out-Null
$lines.GetElementsByTagName('text')[1].AppendChild($lines.CreateTextNode((Decode '` + encode(text) + `'))) | Out-Null
$xml = New-Object Windows.Data.Xml.Dom.XmlDocument
$xml.LoadXml($lines.OuterXml)
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($id).Show([Windows.UI.Notifications.ToastNotification]::new($xml))
`
}

// powerShell returns the arguments of PowerShell for a script, which is in UTF-16 and base64 for -EncodedCommand.
func powerShell(script string) []string {
	data, _ := binary.Append(nil, binary.LittleEndian, utf16.Encode([]rune(script))) // numbers have a size
	return []string{"-NoProfile", "-NonInteractive", "-EncodedCommand", base64.StdEncoding.EncodeToString(data)}
}

// appleScript returns the arguments of osascript. The texts are arguments of the script, so that nothing in them is taken for it.
func appleScript(title, text string) []string {
	return []string{"-e", "on run texts", "-e", "display notification (item 2 of texts) with title (item 1 of texts)", "-e", "end run", clean(title), clean(text)}
}
