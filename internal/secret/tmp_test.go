package secret
import ("testing";"strings";"time")
func TestTmp(t *testing.T){
 for _,u:=range []string{"rest/a/","auth=","auth={","a","\"password\":\"","\\","&quot;auth&quot;:&quot;","//a@","%2F%2Fa%40","<input name=sessid ","<auth>","bearer ","_-","[auth]=>","\n"} {
  s:=strings.Repeat(u,(1<<20)/len(u)); st:=time.Now(); Mask(s,New("aaaaaaaaaaaaaaaaaaaab")); t.Logf("%q %v",u,time.Since(st))
 }}
