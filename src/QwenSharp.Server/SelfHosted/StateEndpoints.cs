using System.Reflection;
using QwenSharp.Protocols.SelfHosted;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.SelfHosted;

/// <summary>
/// <c>GET /props</c>, <c>GET /slots</c> and <c>GET /version</c>, which change nothing. Where several models are served, the query
/// <c>?model=</c> says whose properties and slots are meant.
/// </summary>
internal sealed class StateEndpoints(DialectService service)
{
    private static readonly string Version = typeof(StateEndpoints).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    public async Task PropertiesAsync(HttpContext http)
    {
        using ModelLease lease = await AcquireAsync(http).ConfigureAwait(false);
        ServedModel model = lease.Model;
        ITokenization tokenization = Tokenization.Of(model);
        ServerProperties properties = new(
            model.Id,
            model.Activity?.Invoke().Sequences ?? 0,
            tokenization.Template,
            new SlotSettings(tokenization.ContextLength),
            $"qwensharp {Version}");
        await JsonReply.SendAsync(http, properties, SelfHostedJson.Default.ServerProperties).ConfigureAwait(false);
    }

    public async Task SlotsAsync(HttpContext http)
    {
        using ModelLease lease = await AcquireAsync(http).ConfigureAwait(false);
        ServedModel model = lease.Model;
        int context = Tokenization.Of(model).ContextLength;
        ModelActivity activity = model.Activity?.Invoke() ?? default;
        IReadOnlyList<Slot> slots =
            [.. Enumerable.Range(0, activity.Sequences).Select(id => new Slot(id, context, IsProcessing: id < activity.Running))];
        await JsonReply.SendAsync(http, slots, SelfHostedJson.Default.IReadOnlyListSlot).ConfigureAwait(false);
    }

    public static Task VersionAsync(HttpContext http) =>
        JsonReply.SendAsync(http, new ServerVersion(Version), SelfHostedJson.Default.ServerVersion);

    private Task<ModelLease> AcquireAsync(HttpContext http) => service.Models.AcquireAsync(
        http.Request.Query["model"].FirstOrDefault() is { Length: > 0 } id ? id : null, http.RequestAborted);
}
