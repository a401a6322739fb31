using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QwenSharp.Faults;
using QwenSharp.Protocols.DashScope;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.OpenAI.Responses;
using QwenSharp.Protocols.Requests;
using QwenSharp.Protocols.SelfHosted;

namespace QwenSharp.Protocols.Tests;

/// <summary>The tables of docs/api.md, held against the readers.</summary>
public partial class ApiTableTests
{
    private const string Hi = """{"messages":[{"role":"user","content":"Hi"}]}""";

    // Each endpoint's reader, and the least that it reads.
    private static readonly Dictionary<string, (Action<JsonElement> Read, string Least)> Endpoints = new()
    {
        ["/v1/chat/completions"] = (body => ChatCompletionRequest.Read(body), Hi),
        ["/v1/responses"] = (body => ReadResponses(RequestFields.Of(body)), """{"input":"a"}"""),
        ["/v1/completions"] = (body => CompletionRequest.Read(body), """{"prompt":"a"}"""),
        ["/v1/embeddings"] = (body => OpenAI.EmbeddingsRequest.Read(body), """{"input":"a"}"""),
        ["/v1/moderations"] = (body => ModerationRequest.Read(body), """{"input":"a"}"""),
        ["/v1/batches"] = (
            body => BatchRequest.Read(body, ["/v1/chat/completions"]),
            """{"input_file_id":"f","endpoint":"/v1/chat/completions","completion_window":"24h"}"""),
        ["/v1/rerank"] = (body => RerankRequest.Read(body), """{"query":"q","documents":["a"]}"""),
        ["/v1/score"] = (body => ScoreRequest.Read(body), """{"text_1":"q","text_2":"a"}"""),
        ["/tokenize"] = (body => TokenizeRequest.Read(body), """{"prompt":"a"}"""),
        ["/detokenize"] = (body => DetokenizeRequest.Read(body), """{"tokens":[1]}"""),
        ["/apply-template"] = (body => TemplateRequest.Read(body), Hi),
        ["/infill"] = (body => InfillRequest.Read(body), """{"input_prefix":"a","input_suffix":"b"}"""),
        ["/api/v1/services/aigc/text-generation/generation"] = (body => GenerationRequest.Read(body), """{"input":{"prompt":"Hi"}}"""),
        ["/api/v1/services/embeddings/text-embedding/text-embedding"] =
            (body => DashScope.EmbeddingsRequest.Read(body), """{"input":{"texts":["a"]}}"""),
    };

    private static readonly Dictionary<string, Action<RequestFields>> WholeReaders = new()
    {
        ["/v1/chat/completions"] = fields => ChatCompletionRequest.Read(fields),
        ["/v1/responses"] = ReadResponses,
        ["/v1/completions"] = fields => CompletionRequest.Read(fields),
        ["/v1/embeddings"] = fields => OpenAI.EmbeddingsRequest.Read(fields),
        ["/v1/moderations"] = fields => ModerationRequest.Read(fields),
    };

    public static TheoryData<string> Paths() => [.. Endpoints.Keys];

    public static TheoryData<string> WholePaths() => [.. WholeReaders.Keys];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_example_is_accepted_or_refused_as_the_table_says(string path)
    {
        List<Row> rows = Table(path);
        Assert.NotEmpty(rows);
        foreach (Row row in rows)
        {
            if (row.Accepted is { } accepted && Refusal(path, accepted) is { } fault)
                Assert.Fail($"{path}: {row.Field}: {accepted} is refused: {fault}");

            if (row.Refused is not { } refused)
                continue;

            OptionFault? found = Refusal(path, refused);
            Assert.True(found is not null, $"{path}: {row.Field}: {refused} is accepted.");
            Assert.True(
                found.Option.StartsWith(row.Field, StringComparison.Ordinal), $"{path}: {refused} is refused as a fault of {found.Option}.");
        }
    }

    [Theory]
    [MemberData(nameof(WholePaths))]
    public void The_tables_fields_are_those_of_the_reader(string path)
    {
        RequestFields fields = RequestFields.Of(JsonElement.Parse(Endpoints[path].Least));
        WholeReaders[path](fields);

        Assert.Equal(fields.Taken.Order(StringComparer.Ordinal), Table(path).Select(row => row.Field).Order(StringComparer.Ordinal));
    }

    private static void ReadResponses(RequestFields fields) => ResponsesRequest.Read(fields, new ThoughtSealer(), _ => null);

    private static OptionFault? Refusal(string path, string fragment)
    {
        JsonObject body = JsonNode.Parse(Endpoints[path].Least)!.AsObject();
        foreach ((string name, JsonNode? value) in JsonNode.Parse($"{{{fragment}}}")!.AsObject())
            body[name] = value?.DeepClone();

        return (Record.Exception(() => Endpoints[path].Read(JsonElement.Parse(body.ToJsonString()))) as IOptionFault)?.Fault;
    }

    private static List<Row> Table(string path) =>
    [
        .. File.ReadLines(Document)
            .SkipWhile(line => line != $"### `POST {path}`")
            .Skip(1)
            .TakeWhile(line => !line.StartsWith('#'))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => Bars().Split(line.Trim('|')).Select(cell => cell.Trim()).ToArray())
            .Select(cells => new Row(cells[0].Trim('`'), Example(cells[1]), Example(cells[2]))),
    ];

    private static string? Example(string cell) => cell.StartsWith('`') ? cell.Trim('`') : null;

    private static string Document => Checkout.PathOf("docs", "api.md");

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Bars();

    private sealed record Row(string Field, string? Accepted, string? Refused);
}
