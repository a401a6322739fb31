using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Tests.Scripted;

/// <summary>
/// A protocol that nobody speaks: <c>POST /stub/say</c> with <c>{"who", "words", "heat", "streamed"}</c>. It shows what a new dialect
/// takes: this file, and no change in another's folder.
/// </summary>
internal sealed class StubDialect : IDialect
{
    private static readonly JsonTypeInfo<JsonNode> Node =
        (JsonTypeInfo<JsonNode>)JsonSerializerOptions.Default.GetTypeInfo(typeof(JsonNode));

    private static readonly StreamFormat<JsonNode> Format = new(
        EventStream.MediaType,
        (output, part) => EventStream.Write(output, part, Node, name: "said"),
        output => EventStream.Write(output, new JsonObject(), Node, name: "enough"),
        (output, fault) => EventStream.Write(output, Shape(fault), Node, name: "alas"));

    public string KeyPlace => "the header 'x-stub-key'";

    public bool Owns(PathString path) => path.StartsWithSegments("/stub");

    public string? KeyOf(HttpRequest request) => request.Headers["x-stub-key"].FirstOrDefault();

    public void WriteHeaders(HttpFault fault, IHeaderDictionary headers) => headers["x-stub-alas"] = fault.Kind.ToString();

    public void WriteFault(HttpFault fault, IBufferWriter<byte> output) => WireJson.Write(output, Shape(fault), Node);

    public void Map(IEndpointRouteBuilder routes, DialectService service) =>
        routes.MapPost("/stub/say", http => SayAsync(http, service));

    private static async Task SayAsync(HttpContext http, DialectService service)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token);
        RequestFields fields = RequestFields.Of(body.RootElement);
        using ModelLease lease = await service.Models.AcquireAsync(fields.Take("who")?.String(), work.Token);
        ServedModel model = lease.Model;
        ChatMessage words = new(ChatRole.User, fields.Require("words").String());
        ChatOptions options = new() { Temperature = fields.Take("heat")?.Number(0, 100) };
        bool streamed = fields.Take("streamed")?.Boolean() ?? false;
        fields.RefuseRest();

        AnswerStream answers = new(
            Choices.MergeAsync(token => model.Chat.Complete([words], options, choices: 1, token), work.Token),
            choicesPerPrompt: 1);
        if (streamed)
        {
            await service.Replies.StreamAsync(http, PartsAsync(answers, work.Token), Format, work.Token);
            return;
        }

        Answer answer = (await answers.FoldAsync(work.Token))[0];
        await JsonReply.SendAsync(http, new JsonObject { ["said"] = answer.Text, ["spent"] = answers.Usage.AnswerTokens }, Node);
    }

    private static async IAsyncEnumerable<JsonNode> PartsAsync(
        AnswerStream answers, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (AnswerPart part in answers.ReadAsync(cancellationToken))
            yield return new JsonObject { ["more"] = part.Text, ["last"] = part.Finish is not null };
    }

    private static JsonObject Shape(HttpFault fault) => new()
    {
        ["alas"] = fault.Option?.Say(option => Names.GetValueOrDefault(option, option).ToUpperInvariant()) ?? fault.Message,
        ["most"] = fault.Option?.Bounds?.Most,
    };

    private static readonly Dictionary<string, string> Names = new()
    {
        [nameof(ChatOptions.Temperature)] = "heat",
        [nameof(ChatOptions.ModelId)] = "who",
        ["Messages"] = "words",
    };
}
