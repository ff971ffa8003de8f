class A { void B() { switch (x) { case "oncrmdealadd": case "onTaskAdd": C(); break; } Bind("OnUserAdd"); } }
