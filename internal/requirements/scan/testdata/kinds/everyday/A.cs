class A
{
    const string Users = "user.get";
    string[] names = { "department.get", "event.bind" };
    string bind = flag ? "placement.bind" : null;
    string x = "user.update";
}
