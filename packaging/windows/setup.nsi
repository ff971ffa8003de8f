; boxready-setup.exe: for the current user, or for all users of this computer.
;   /S              silent              /AllUsers   for all users (needs an administrator)
;   /LANG=1049      Russian (1033: English) instead of the system's language          /D=FOLDER   last, without quotes
; Exit codes: 0 success, 2 BoxReady is running, 740 (ERROR_ELEVATION_REQUIRED) /S /AllUsers isn't allowed.
Target amd64-unicode
Unicode true
SetCompressor /SOLID lzma
; The two programs have much in common, tens of megabytes apart: with the usual 8 MB the setup would be a third larger.
SetCompressorDictSize 64
SetDateSave off
AllowSkipFiles off
RequestExecutionLevel user
ManifestDPIAware true
Name "BoxReady"
OutFile "${OUT}"
BrandingText "BoxReady ${VERSION}"
VIProductVersion "${NUMBERS}"
VIAddVersionKey /LANG=0 ProductName BoxReady
VIAddVersionKey /LANG=0 ProductVersion "${VERSION}"
VIAddVersionKey /LANG=0 FileVersion "${VERSION}"
VIAddVersionKey /LANG=0 FileDescription "BoxReady Setup"
VIAddVersionKey /LANG=0 CompanyName BoxReady
VIAddVersionKey /LANG=0 LegalCopyright MIT

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include nsDialogs.nsh

!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\BoxReady"
!define CLASSES "Software\Classes"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
Page custom askForWhom tookForWhom
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\boxready.exe"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English
!insertmacro MUI_LANGUAGE Russian

LangString TEXT_MODE ${LANG_ENGLISH} "BoxReady (text mode)"
LangString TEXT_MODE ${LANG_RUSSIAN} "BoxReady (текстовый режим)"
LangString SUMMARY ${LANG_ENGLISH} "Will applications work on your Bitrix24 portal?"
LangString SUMMARY ${LANG_RUSSIAN} "Будут ли работать приложения на портале «Битрикс24»"
LangString WHOM ${LANG_ENGLISH} "Who will use BoxReady"
LangString WHOM ${LANG_RUSSIAN} "Кто будет пользоваться BoxReady"
LangString WHOM_TEXT ${LANG_ENGLISH} "On this computer BoxReady can be installed:"
LangString WHOM_TEXT ${LANG_RUSSIAN} "На этом компьютере BoxReady можно установить:"
LangString ONLY_ME ${LANG_ENGLISH} "only for me"
LangString ONLY_ME ${LANG_RUSSIAN} "только для меня"
LangString EVERYBODY ${LANG_ENGLISH} "for all users (an administrator has to agree)"
LangString EVERYBODY ${LANG_RUSSIAN} "для всех пользователей (потребуется разрешение администратора)"
LangString RUNNING ${LANG_ENGLISH} "BoxReady is open. Close it and try again."
LangString RUNNING ${LANG_RUSSIAN} "BoxReady сейчас открыт. Закройте его и повторите."
LangString OPEN_WITH ${LANG_ENGLISH} "Open in BoxReady"
LangString OPEN_WITH ${LANG_RUSSIAN} "Открыть в BoxReady"
LangString REQUIREMENTS ${LANG_ENGLISH} "What an application needs of a Bitrix24 portal"
LangString REQUIREMENTS ${LANG_RUSSIAN} "Требования приложения к порталу «Битрикс24»"
LangString REPORT ${LANG_ENGLISH} "BoxReady report"
LangString REPORT ${LANG_RUSSIAN} "Отчёт BoxReady"

Var all ; "1" for all users
Var meButton
Var allButton

; The folder and scope of an earlier version are kept.
!macro place
  ${If} $all == "1"
    SetShellVarContext all
    StrCpy $INSTDIR "$PROGRAMFILES64\BoxReady"
  ${Else}
    SetShellVarContext current
    StrCpy $INSTDIR "$LOCALAPPDATA\Programs\BoxReady"
  ${EndIf}
  ReadRegStr $0 SHCTX "${ENTRY}" InstallLocation
  ${If} $0 != ""
    StrCpy $INSTDIR $0
  ${EndIf}
!macroend

!macro isAdministrator into
  UserInfo::GetAccountType
  Pop ${into}
  ${If} ${into} == "Admin"
    StrCpy ${into} 1
  ${Else}
    StrCpy ${into} 0
  ${EndIf}
!macroend

; A running program can't be replaced or deleted.
!macro waitUntilClosed
  ${Do}
    ClearErrors
    ${If} ${FileExists} "$INSTDIR\boxready.exe"
      FileOpen $0 "$INSTDIR\boxready.exe" a
      ${IfNot} ${Errors}
        FileClose $0
        FindWindow $0 GLFW30 BoxReady
        ${If} $0 <> 0
          SetErrors
        ${EndIf}
      ${EndIf}
    ${EndIf}
    ${IfNot} ${Errors}
      ${ExitDo}
    ${EndIf}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING)" /SD IDCANCEL IDRETRY +3
    SetErrorLevel 2
    Quit
  ${Loop}
!macroend

Function .onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/LANG=" $1
  ${IfNot} ${Errors}
    StrCpy $LANGUAGE $1
  ${EndIf}
  ClearErrors
  ${GetOptions} $0 "/AllUsers" $1
  ${IfNot} ${Errors}
    StrCpy $all 1
    !insertmacro isAdministrator $2
    ${If} $2 == 0
    ${AndIf} ${Silent}
      SetErrorLevel 740
      Quit
    ${EndIf}
  ${EndIf}
  StrCpy $2 $INSTDIR ; of /D=
  !insertmacro place
  ${If} $2 != ""
    StrCpy $INSTDIR $2
  ${EndIf}
FunctionEnd

Function askForWhom
  !insertmacro MUI_HEADER_TEXT "$(WHOM)" "$(SUMMARY)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 0 100% 24u "$(WHOM_TEXT)"
  Pop $0
  ${NSD_CreateRadioButton} 8u 28u 95% 14u "$(ONLY_ME)"
  Pop $meButton
  ${NSD_CreateRadioButton} 8u 46u 95% 14u "$(EVERYBODY)"
  Pop $allButton
  ${If} $all == "1"
    ${NSD_Check} $allButton
  ${Else}
    ${NSD_Check} $meButton
  ${EndIf}
  nsDialogs::Show
FunctionEnd

Function tookForWhom
  ${NSD_GetState} $allButton $0
  StrCpy $1 $all
  StrCpy $all ""
  ${If} $0 == ${BST_CHECKED}
    StrCpy $all 1
    !insertmacro isAdministrator $2
    ${If} $2 == 0
      ; The system asks the administrator, and this one makes room for the one that may.
      ClearErrors
      ExecShell runas "$EXEPATH" "/AllUsers /LANG=$LANGUAGE"
      ${If} ${Errors}
        Abort
      ${EndIf}
      Quit
    ${EndIf}
  ${EndIf}
  ${If} $1 != $all
    !insertmacro place
  ${EndIf}
FunctionEnd

; File associations: Windows uses only the last extension, which other programs own. So BoxReady adds itself to the menus.
!macro opens extension class name
  WriteRegStr SHCTX "${CLASSES}\${class}" "" "${name}"
  WriteRegStr SHCTX "${CLASSES}\${class}\DefaultIcon" "" "$INSTDIR\boxready.exe,0"
  WriteRegStr SHCTX "${CLASSES}\${class}\shell\open\command" "" '"$INSTDIR\boxready.exe" "%1"'
  WriteRegStr SHCTX "${CLASSES}\${extension}\OpenWithProgids" "${class}" ""
  WriteRegStr SHCTX "${CLASSES}\SystemFileAssociations\${extension}\shell\BoxReady" "" "$(OPEN_WITH)"
  WriteRegStr SHCTX "${CLASSES}\SystemFileAssociations\${extension}\shell\BoxReady" "Icon" "$INSTDIR\boxready.exe,0"
  WriteRegStr SHCTX "${CLASSES}\SystemFileAssociations\${extension}\shell\BoxReady" "AppliesTo" 'System.FileName:"*.boxready${extension}"'
  WriteRegStr SHCTX "${CLASSES}\SystemFileAssociations\${extension}\shell\BoxReady\command" "" '"$INSTDIR\boxready.exe" "%1"'
!macroend

!macro opensNoMore extension class
  DeleteRegKey SHCTX "${CLASSES}\${class}"
  DeleteRegValue SHCTX "${CLASSES}\${extension}\OpenWithProgids" "${class}"
  DeleteRegKey /ifempty SHCTX "${CLASSES}\${extension}\OpenWithProgids"
  DeleteRegKey /ifempty SHCTX "${CLASSES}\${extension}"
  DeleteRegKey SHCTX "${CLASSES}\SystemFileAssociations\${extension}\shell\BoxReady"
  DeleteRegKey /ifempty SHCTX "${CLASSES}\SystemFileAssociations\${extension}\shell"
  DeleteRegKey /ifempty SHCTX "${CLASSES}\SystemFileAssociations\${extension}"
!macroend

!macro refreshIcons
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
!macroend

Section
  !insertmacro waitUntilClosed
  SetOutPath $INSTDIR
  File "${STAGE}\boxready.exe"
  File "${STAGE}\boxready-cli.exe"
  File "${STAGE}\LICENCES.txt"
  File /r "${STAGE}\opengl"
  WriteUninstaller "$INSTDIR\uninstall.exe"

  RMDir /r "$SMPROGRAMS\BoxReady" ; an earlier version's, perhaps in another language
  CreateDirectory "$SMPROGRAMS\BoxReady"
  CreateShortcut "$SMPROGRAMS\BoxReady\BoxReady.lnk" "$INSTDIR\boxready.exe" "" "" "" "" "" "$(SUMMARY)"
  CreateShortcut "$SMPROGRAMS\BoxReady\$(TEXT_MODE).lnk" "$INSTDIR\boxready-cli.exe" "" "" "" "" "" "$(SUMMARY)"

  WriteRegStr SHCTX "${ENTRY}" DisplayName "BoxReady"
  WriteRegStr SHCTX "${ENTRY}" DisplayVersion "${VERSION}"
  WriteRegStr SHCTX "${ENTRY}" DisplayIcon "$INSTDIR\boxready.exe,0"
  WriteRegStr SHCTX "${ENTRY}" Publisher "BoxReady"
  WriteRegStr SHCTX "${ENTRY}" InstallLocation "$INSTDIR"
  WriteRegStr SHCTX "${ENTRY}" UninstallString '"$INSTDIR\uninstall.exe"'
  WriteRegStr SHCTX "${ENTRY}" QuietUninstallString '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD SHCTX "${ENTRY}" NoModify 1
  WriteRegDWORD SHCTX "${ENTRY}" NoRepair 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD SHCTX "${ENTRY}" EstimatedSize $0

  !insertmacro opens .yaml BoxReady.Requirements "$(REQUIREMENTS)"
  !insertmacro opens .zip BoxReady.Report "$(REPORT)"
  !insertmacro refreshIcons
SectionEnd

Function un.onInit
  SetRegView 64
  ReadRegStr $0 HKLM "${ENTRY}" InstallLocation
  ${If} $0 == $INSTDIR
    StrCpy $all 1
    SetShellVarContext all
    !insertmacro isAdministrator $2
    ${If} $2 == 0
      ${If} ${Silent}
        SetErrorLevel 740
      ${Else}
        ExecShell runas "$INSTDIR\uninstall.exe"
      ${EndIf}
      Quit
    ${EndIf}
  ${EndIf}
FunctionEnd

; Settings, history and sign-ins are kept.
Section Uninstall
  !insertmacro waitUntilClosed
  ; This user's daily checks, and the name under which they show notifications. Those of other users can't be reached.
  nsExec::Exec /TIMEOUT=60000 '"$INSTDIR\boxready-cli.exe" schedule --off'
  Pop $0
  DeleteRegKey HKCU "${CLASSES}\AppUserModelId\dev.boxready.BoxReady"
  Delete "$INSTDIR\boxready.exe"
  Delete "$INSTDIR\boxready-cli.exe"
  Delete "$INSTDIR\LICENCES.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir /r "$INSTDIR\opengl"
  RMDir "$INSTDIR"
  RMDir /r "$SMPROGRAMS\BoxReady"
  !insertmacro opensNoMore .yaml BoxReady.Requirements
  !insertmacro opensNoMore .zip BoxReady.Report
  DeleteRegKey SHCTX "${ENTRY}"
  !insertmacro refreshIcons
SectionEnd

!uninstfinalize '"${SIGN}" "%1"'
