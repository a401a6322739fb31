using System.Globalization;
using QwenSharp.Faults;
using QwenSharp.Protocols.Anthropic;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Anthropic;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>.</summary>
internal sealed class ModelsEndpoint(ModelCatalog models)
{
    public const string IdParameter = "id";
    private const int DefaultLimit = 20;
    private const int MaxLimit = 1000;

    public Task ListAsync(HttpContext http)
    {
        IQueryCollection query = http.Request.Query;
        ModelPage page = ModelPage.Of(
            [.. models.All.Select(Info)],
            LimitOf(query["limit"]),
            query["after_id"].FirstOrDefault(),
            query["before_id"].FirstOrDefault());
        return JsonReply.SendAsync(http, page, AnthropicJson.Default.ModelPage);
    }

    public Task ShowAsync(HttpContext http) =>
        JsonReply.SendAsync(http, Info(models.Find((string)http.Request.RouteValues[IdParameter]!)), AnthropicJson.Default.ModelInfo);

    private static int LimitOf(string? text) =>
        string.IsNullOrEmpty(text) ? DefaultLimit
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit is > 0 and <= MaxLimit ? limit
        : throw new OptionException(OptionFault.OutOfRange("limit", Excerpt.Of(text), Bounds.Between(1, MaxLimit)));

    private static ModelInfo Info(ModelEntry model) => new(model.Name, model.Since);
}
