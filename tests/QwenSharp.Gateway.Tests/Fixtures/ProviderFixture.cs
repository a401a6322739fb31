using System.Net;
using System.Text;
using System.Text.Json;
using QwenSharp.Gateway.Providers;
using QwenSharp.Tests;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>A file of the reference data, as the provider would send it.</summary>
internal static class ProviderFixture
{
    private static readonly Dictionary<string, ProviderKind> Kinds = new()
    {
        ["openai-chat"] = ProviderKind.OpenAI,
        ["openai-responses"] = ProviderKind.OpenAIResponses,
        ["azure-openai"] = ProviderKind.AzureOpenAI,
        ["anthropic"] = ProviderKind.Anthropic,
        ["bedrock-claude"] = ProviderKind.Bedrock,
        ["vertex-claude"] = ProviderKind.Vertex,
        ["gemini"] = ProviderKind.Gemini,
        ["dashscope-native"] = ProviderKind.DashScope,
        ["dashscope-compatible"] = ProviderKind.DashScopeCompatible,
        ["deepseek"] = ProviderKind.DeepSeek,
        ["mistral"] = ProviderKind.Mistral,
        ["openrouter"] = ProviderKind.OpenRouter,
        ["ollama"] = ProviderKind.Ollama,
        ["vllm"] = ProviderKind.Vllm,
        ["sglang"] = ProviderKind.Sglang,
        ["llama-server"] = ProviderKind.LlamaServer,
    };

    public static ProviderKind Kind(string path) => Kinds[path.Split('/')[0]];

    /// <summary>A model's name for which the provider speaks the form that a file is in.</summary>
    public static string Model(string path) =>
        path.Contains("converse", StringComparison.Ordinal) ? "eu.amazon.nova" : "eu.anthropic.claude-x";

    public static string File(string path) => QwenSharp.Tests.Fixtures.Require(["providers", .. path.Split('/')]);

    public static byte[] Bytes(string path)
    {
        byte[] bytes = System.IO.File.ReadAllBytes(File(path));
        return path.EndsWith(".b64", StringComparison.Ordinal) ? Convert.FromBase64String(Encoding.ASCII.GetString(bytes)) : bytes;
    }

    public static JsonElement Expected(string path)
    {
        string[] parts = path.Split('/');
        return JsonElement.Parse(System.IO.File.ReadAllText(File(parts[0] + "/expect.json"))).GetProperty(parts[1]);
    }

    /// <summary>
    /// The files whose names begin somehow and whose reading is told; one row that skips where there is no reference data.
    /// </summary>
    public static IEnumerable<string> Named(string prefix)
    {
        string? root = Root();
        return root is null
            ? [$"openai-chat/{prefix}text.json"]
            : Kinds.Keys.Order(StringComparer.Ordinal).SelectMany(folder =>
                JsonElement.Parse(System.IO.File.ReadAllText(Path.Combine(root, folder, "expect.json")))
                    .EnumerateObject()
                    .Select(entry => $"{folder}/{entry.Name}")
                    .Where(path => path.Split('/')[1].StartsWith(prefix, StringComparison.Ordinal)));
    }

    /// <summary>A reply that a file holds with its head.</summary>
    public static CannedReply Http(string path)
    {
        string[] parts = System.IO.File.ReadAllText(File(path)).Split("\n\n", 2);
        string[] head = parts[0].Split('\n');
        (string Name, string Value)[] headers =
            [.. head.Skip(1).Select(line => line.Split(':', 2)).Select(line => (line[0].Trim(), line[1].Trim()))];
        CannedReply reply = new(
            (HttpStatusCode)int.Parse(head[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture),
            headers.First(header => header.Name == "content-type").Value,
            Encoding.UTF8.GetBytes(parts[1]));
        reply.Headers.AddRange(headers.Where(header => header.Name != "content-type"));
        return reply;
    }

    private static string? Root()
    {
        try
        {
            return QwenSharp.Tests.Fixtures.Require("providers");
        }
        catch (Exception absent) when (absent is not OutOfMemoryException)
        {
            return null;
        }
    }
}
