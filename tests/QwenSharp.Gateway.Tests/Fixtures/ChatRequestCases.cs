using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers;
using static QwenSharp.Gateway.Tests.Fixtures.Conversations;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>Those of all others who speak OpenAI's chat completions.</summary>
internal static class ChatRequestCases
{
    private const ProviderKind Compatible = ProviderKind.DashScopeCompatible;

    public static IReadOnlyList<RequestCase> All { get; } =
    [
        .. Minimal(), .. Structured(), .. Replays(), .. Options(),
        new("dashscope-compatible/request-cache-markers.json", Compatible, f => Call(
            f.Text("model"),
            null,
            new ChatMessage(ChatRole.System, [Kept(f.Text("messages[0].content[0].text"), "5m")]),
            User(f.Text("messages[1].content[0].text"))))
        {
            Without = ["messages[1].content"],
        },
        new("openrouter/request-cache-markers.json", ProviderKind.OpenRouter, f => Call(
            f.Text("model"),
            new ChatOptions { AdditionalProperties = Properties(f.Fields(ProviderKind.OpenRouter, "cache_control")) },
            new ChatMessage(ChatRole.System, [Kept(f.Text("messages[0].content[0].text"), "1h")]),
            User(f.Text("messages[1].content")))),
        new("dashscope-compatible/request-images.json", Compatible, f => Call(
            f.Text("model"),
            null,
            User(
                Data(f.Text("messages[0].content[0].image_url.url"), "image/png"),
                Link(f.Text("messages[0].content[1].image_url.url")),
                Link(f.Text("messages[0].content[2].video_url.url"), "video/mp4"),
                new TextContent(f.Text("messages[0].content[3].text")))))
        {
            Without = ["messages[0].content[0].min_pixels", "messages[0].content[0].max_pixels", "messages[0].content[2].fps"],
        },
        new("vllm/request-images.json", ProviderKind.Vllm, f => Call(
            f.Text("model"),
            null,
            User(
                Data(f.Text("messages[0].content[0].image_url.url"), "image/png"),
                Link(f.Text("messages[0].content[1].image_url.url")),
                Link(f.Text("messages[0].content[2].video_url.url"), "video/mp4"),
                new TextContent(f.Text("messages[0].content[3].text")))))
        {
            Without = ["messages[0].content[0].uuid"],
        },
        new("mistral/request-images.json", ProviderKind.Mistral, f => Call(
            f.Text("model"),
            null,
            User(
                new TextContent(f.Text("messages[0].content[0].text")),
                Data(f.Text("messages[0].content[1].image_url"), "image/png"),
                With(Link(f.Text("messages[0].content[2].image_url.url")), ContentKeys.Detail, "low"),
                Link(f.Text("messages[0].content[3].document_url"), "application/pdf"))))
        {
            Without = ["messages[0].content[1].image_url", "messages[0].content[3].document_name"],
        },
        new("deepseek/request-thinking-effort.json", ProviderKind.DeepSeek, f => Call(
            f.Text("model"),
            new ChatOptions { MaxOutputTokens = 32000, AdditionalProperties = Properties((RemoteOptionKeys.Effort, "max")) },
            User(f.Text("messages[0].content")))),
        new("vllm/request-continue-final.json", ProviderKind.Vllm, f => Call(
            f.Text("model"),
            new ChatOptions { AdditionalProperties = Properties((ChatOptionKeys.ContinueFinalMessage, true)) },
            User(f.Text("messages[0].content")),
            Assistant(new TextContent(f.Text("messages[1].content"))))),
    ];

    private static IEnumerable<RequestCase> Minimal()
    {
        foreach ((string folder, ProviderKind kind) in new[]
        {
            ("deepseek", ProviderKind.DeepSeek), ("mistral", ProviderKind.Mistral), ("openrouter", ProviderKind.OpenRouter),
            ("vllm", ProviderKind.Vllm), ("llama-server", ProviderKind.LlamaServer),
        })
        {
            yield return new($"{folder}/request-minimal.json", kind, f => Call(
                f.TryGetProperty("model", out JsonElement model) ? model.GetString()! : "", null, User(f.Text("messages[0].content"))));
        }

        yield return new("dashscope-compatible/request-minimal.json", Compatible, f => Call(
            f.Text("model"), null, Instructions(f.Text("messages[0].content")), User(f.Text("messages[1].content"))));
    }

    private static IEnumerable<RequestCase> Structured()
    {
        foreach ((string folder, ProviderKind kind) in new[] { ("mistral", ProviderKind.Mistral), ("vllm", ProviderKind.Vllm) })
        {
            yield return new($"{folder}/request-structured-output.json", kind, f => Call(
                f.Text("model"),
                new ChatOptions { ResponseFormat = Schema(f.At("response_format.json_schema.schema")) },
                User(f.Text("messages[0].content"))));
        }

        yield return new("dashscope-compatible/request-structured-output.json", Compatible, f => Call(
            f.Text("model"),
            new ChatOptions
            {
                ResponseFormat = Schema(f.At("response_format.json_schema.schema")),
                AdditionalProperties = Properties((ChatOptionKeys.EnableThinking, false)),
            },
            User(f.Text("messages[0].content"))));
        yield return new("llama-server/request-structured-output.json", ProviderKind.LlamaServer, f => Call(
            "", new ChatOptions { ResponseFormat = Schema(f.At("response_format.schema")) }, User(f.Text("messages[0].content"))))
        {
            // Both places of the schema are taken; this is OpenAI's.
            Without = ["response_format.schema"],
        };
        yield return new("deepseek/request-json.json", ProviderKind.DeepSeek, f => Call(
            f.Text("model"),
            new ChatOptions { ResponseFormat = ChatResponseFormat.Json, MaxOutputTokens = 200 },
            User(f.Text("messages[0].content"))));
    }

    private static IEnumerable<RequestCase> Replays()
    {
        yield return new("dashscope-compatible/request-thinking-replay.json", Compatible, f => Call(
            f.Text("model"),
            new ChatOptions
            {
                AdditionalProperties = Properties((ChatOptionKeys.EnableThinking, true), f.Fields(Compatible, "preserve_thinking")),
            },
            User(f.Text("messages[0].content")),
            Assistant(
                new TextReasoningContent(f.Text("messages[1].reasoning_content")), new TextContent(f.Text("messages[1].content"))),
            User(f.Text("messages[2].content"))));
        yield return new("mistral/request-thinking-replay.json", ProviderKind.Mistral, f => Call(
            f.Text("model"),
            null,
            User(f.Text("messages[0].content")),
            Assistant(
                new TextReasoningContent(f.Text("messages[1].content[0].thinking[0].text")),
                new TextContent(f.Text("messages[1].content[1].text"))),
            User(f.Text("messages[2].content"))));
        yield return new("openrouter/request-reasoning-replay.json", ProviderKind.OpenRouter, f => Call(
            f.Text("model"),
            new ChatOptions { Tools = f.Tools() },
            User(f.Text("messages[0].content")),
            Assistant(
                Signed(
                    ProviderKind.OpenRouter,
                    f.Text("messages[1].reasoning"),
                    f.At("messages[1].reasoning_details").GetRawText(),
                    "reasoning_details"),
                Function("toolu_01Tide", "tide_height", f.At("messages[1].tool_calls[0].function.arguments"))),
            Result("toolu_01Tide", f.Text("messages[2].content"))));
        yield return new("vllm/request-tools-reasoning-replay.json", ProviderKind.Vllm, f => Call(
            f.Text("model"),
            new ChatOptions { Tools = f.Tools() },
            User(f.Text("messages[0].content")),
            Assistant(
                new TextReasoningContent(f.Text("messages[1].reasoning")),
                Function(
                    f.Text("messages[1].tool_calls[0].id"), "tide_height", f.At("messages[1].tool_calls[0].function.arguments"))),
            Result(f.Text("messages[2].tool_call_id"), f.Text("messages[2].content"))));
        foreach ((string folder, string file, ProviderKind kind) in new[]
        {
            ("dashscope-compatible", "request-tools-parallel-results", Compatible),
            ("deepseek", "request-tools-thinking-replay", ProviderKind.DeepSeek),
            ("mistral", "request-tools-parallel-results", ProviderKind.Mistral),
        })
        {
            yield return new($"{folder}/{file}.json", kind, ParallelResults)
            {
                Without = kind == ProviderKind.Mistral
                    ? ["messages[1].tool_calls[1].function.arguments", "messages[3].content"]
                    : ["messages[1].tool_calls[0].index", "messages[1].tool_calls[1].index"],
            };
        }
    }

    private static ProviderCall ParallelResults(JsonElement f)
    {
        JsonElement turn = f.At("messages[1]");
        List<AIContent> contents = [];
        if (turn.TryGetProperty("reasoning_content", out JsonElement thought))
            contents.Add(new TextReasoningContent(thought.GetString()));

        contents.AddRange(turn.At("tool_calls").EnumerateArray().Select(call =>
            Function(call.Text("id"), call.Text("function.name"), call.At("function.arguments"))));
        IEnumerable<ChatMessage> results = f.At("messages").EnumerateArray().Skip(2).Select(result => Result(
            result.Text("tool_call_id"),
            result.At("content") is { ValueKind: JsonValueKind.String } text ? text.GetString() : result.Text("content[0].text")));
        return Call(
            f.Text("model"),
            new ChatOptions { Tools = f.Tools() },
            [User(f.Text("messages[0].content")), Assistant([.. contents]), .. results]);
    }

    private static IEnumerable<RequestCase> Options()
    {
        yield return new("dashscope-compatible/request-all-options.json", Compatible, f => Common(
            f,
            options => options.ToolMode = ChatToolMode.RequireSpecific("tide_height"),
            (ChatOptionKeys.EnableThinking, true),
            (ChatOptionKeys.ThinkingBudget, 1024),
            (ChatOptionKeys.RepetitionPenalty, 1.05f),
            (ChatOptionKeys.Logprobs, true),
            (ChatOptionKeys.TopLogprobs, 2),
            f.Fields(Compatible, "n", "enable_search", "search_options", "response_format")))
        {
            // A forced call is refused while the model thinks.
            Without = ["tool_choice"],
            Losses = ["tool_choice"],
        };
        yield return new("deepseek/request-all-options.json", ProviderKind.DeepSeek, f => Common(
            f,
            options => options.FrequencyPenalty = 0,
            (ChatOptionKeys.EnableThinking, false),
            (ChatOptionKeys.Logprobs, true),
            (ChatOptionKeys.TopLogprobs, 2),
            f.Fields(ProviderKind.DeepSeek, "response_format")));
        yield return new("mistral/request-all-options.json", ProviderKind.Mistral, f => Common(
            f,
            options =>
            {
                options.FrequencyPenalty = 0.1f;
                options.ToolMode = ChatToolMode.RequireAny;
                options.Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High };
            },
            (RemoteOptionKeys.PromptCacheKey, f.Text("prompt_cache_key")),
            (RemoteOptionKeys.Metadata, f.At("metadata")),
            f.Fields(ProviderKind.Mistral, "n", "response_format", "prediction", "safe_prompt", "prompt_mode")));
        yield return new("openrouter/request-all-options.json", ProviderKind.OpenRouter, f => Common(
            f,
            options =>
            {
                options.FrequencyPenalty = 0;
                options.ToolMode = ChatToolMode.Auto;
                options.Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low };
            },
            (ChatOptionKeys.MinP, 0.05f),
            (ChatOptionKeys.RepetitionPenalty, 1.05f),
            (ChatOptionKeys.Logprobs, true),
            (ChatOptionKeys.TopLogprobs, 2),
            (RemoteOptionKeys.User, f.Text("user")),
            f.Fields(
                ProviderKind.OpenRouter, "models", "provider", "plugins", "transforms", "route", "top_a", "response_format", "session_id",
                "logit_bias")))
        {
            Without = ["reasoning.exclude"],
        };
        yield return new("vllm/request-all-options.json", ProviderKind.Vllm, f => Common(
            f,
            options =>
            {
                options.FrequencyPenalty = 0;
                options.ToolMode = ChatToolMode.RequireAny;
                options.Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low };
            },
            (ChatOptionKeys.MinP, 0.05f),
            (ChatOptionKeys.RepetitionPenalty, 1.05f),
            (ChatOptionKeys.StopTokens, new[] { 151645 }),
            (ChatOptionKeys.Logprobs, true),
            (ChatOptionKeys.TopLogprobs, 2),
            (ChatOptionKeys.ThinkingBudget, 512),
            (ChatOptionKeys.Grammar, new OutputGrammar.Regex(f.Text("structured_outputs.regex"))),
            f.Fields(
                ProviderKind.Vllm, "include_stop_str_in_output", "ignore_eos", "min_tokens", "prompt_logprobs", "n", "include_reasoning",
                "priority", "cache_salt", "mm_processor_kwargs", "return_token_ids")))
        {
            Without = ["stream_options.continuous_usage_stats"],
        };
        yield return new("llama-server/request-all-options.json", ProviderKind.LlamaServer, f => Common(
            f,
            options => (options.FrequencyPenalty, options.ToolMode) = (0, ChatToolMode.Auto),
            (ChatOptionKeys.MinP, 0.05f),
            (ChatOptionKeys.RepetitionPenalty, 1.1f),
            (ChatOptionKeys.EnableThinking, true),
            (ChatOptionKeys.Logprobs, true),
            (ChatOptionKeys.TopLogprobs, 2),
            f.Fields(
                ProviderKind.LlamaServer, "dynatemp_range", "typical_p", "repeat_last_n", "dry_multiplier", "mirostat", "n_probs",
                "parse_tool_calls", "reasoning_format", "cache_prompt", "id_slot", "timings_per_token", "return_progress", "grammar",
                "json_schema", "lora")));
    }

    // Numbers that all of them take are those of the file.
    private static ProviderCall Common(JsonElement f, Action<ChatOptions> more, params (string Key, object? Value)[] properties)
    {
        ChatOptions options = new()
        {
            MaxOutputTokens = f.At("max_tokens").GetInt32(),
            Temperature = f.At("temperature").GetSingle(),
            TopP = f.At("top_p").GetSingle(),
            PresencePenalty = f.At("presence_penalty").GetSingle(),
            StopSequences = [f.Text("stop[0]")],
            Tools = f.Tools(),
            AdditionalProperties = Properties(properties),
        };
        if (f.TryGetProperty("top_k", out JsonElement topK))
            options.TopK = topK.GetInt32();

        if (f.TryGetProperty("seed", out JsonElement seed) || f.TryGetProperty("random_seed", out seed))
            options.Seed = seed.GetInt64();

        if (f.TryGetProperty("parallel_tool_calls", out JsonElement parallel))
            options.AllowMultipleToolCalls = parallel.GetBoolean();

        if (f.TryGetProperty("tool_choice", out JsonElement choice)
            && choice.ValueKind == JsonValueKind.String
            && choice.GetString() == "auto")
        {
            options.ToolMode = ChatToolMode.Auto;
        }

        more(options);
        return Call(
            f.Text("model"),
            options,
            Instructions(f.Text("messages[0].content")),
            new ChatMessage(ChatRole.User, f.Text("messages[1].content"))
            {
                AuthorName = f.At("messages[1]").TryGetProperty("name", out JsonElement name) ? name.GetString() : null,
            }).Streamed();
    }
}
