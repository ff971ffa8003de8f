using System.Net.Http;

namespace App.Bitrix
{
    /// <summary>Calls <c>crm.quote.list</c>, see "crm.quote.get".</summary>
    public sealed class Client
    {
        private const string MethodList = "crm.deal.list";
        private const string Path = @"C:\logs\";
        private static readonly string[] Needed = { "crm.contact.list", "user.current" };

        // await Call("crm.quote.add");
        public async Task<JsonElement> Load(int id)
        {
            var deal = await Call<Deal>("crm.deal.get", new { id });
            var url = $"{_webhook}crm.company.list.json?start={page["next"]}";
            var other = $@"{_webhook}/crm.company.get?ID={id}";
            var third = _webhook + "user.get";
            var full = "https://portal.example/rest/1/key/department.get.json";
            var json = @"{""method"": ""crm.lead.list"", ""note"": ""not crm.quote.update""}";
            var raw = """
                { "cmd": { "a": "crm.lead.get?ID=1" } }
                """;
            var quoted = "a \"crm.quote.delete\" in text";
            await Call($"crm.{entity}.list", null);
            await Call("crm." + entity + ".get", null);
            _logger.LogError("crm.quote.list failed for {Id}", id);
            var text = _localizer["user.update"];
            if (form["event"] == "ONCRMDEALADD" || form["event"] == "ONAPPUNINSTALL")
                return await Call("tasks.task.add", null);
            return await Call("event.bind", new Dictionary<string, object> { ["event"] = "OnCrmLeadUpdate", ["handler"] = "https://app.example.com/h" });
        }
    }
}
