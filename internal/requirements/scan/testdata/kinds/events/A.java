class A { void a() { if ("oncrmdealadd".equals(event)) { b(); } switch (x) { case "onTaskAdd": c(); } bind("OnUserAdd"); } }
