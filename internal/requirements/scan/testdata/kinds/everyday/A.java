class A {
    static final String USERS = "user.get";
    static final List<String> NAMES = List.of("department.get", "event.bind");
    String bind = flag ? "placement.bind" : null;
    String x = "user.update";
}
