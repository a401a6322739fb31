using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.OpenAI;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>.</summary>
internal sealed class ModelsEndpoint(ModelCatalog models)
{
    public const string IdParameter = "id";

    public Task ListAsync(HttpContext http) =>
        JsonReply.SendAsync(http, new ModelList([.. models.All.Select(Card)]), OpenAIJson.Default.ModelList);

    public Task ShowAsync(HttpContext http) =>
        JsonReply.SendAsync(http, Card(models.Find((string)http.Request.RouteValues[IdParameter]!)), OpenAIJson.Default.ModelCard);

    private static ModelCard Card(ModelEntry model) => new(model.Name, model.Since.ToUnixTimeSeconds());
}
