using System.Text.Json.Nodes;

namespace QwenSharp.Server.Bench;

/// <summary>Conversations that grow: what of each prompt is computed again, and how long it takes to the first token.</summary>
internal static class TurnsSection
{
    public static async Task RunAsync(Arguments arguments)
    {
        int prompt = arguments.Prompt ?? 4000, answer = arguments.Answer ?? 32;
        await using (ServerProcess server = await ServerProcess.StartOurs(arguments, 4).ConfigureAwait(false))
            await MeasureAsync("qwensharp", server, prompt, answer, arguments.Turns).ConfigureAwait(false);

        if (arguments.LlamaServer is null)
            return;

        int context = (2 * (prompt + (arguments.Turns * 300))) + 1024;
        await using (ServerProcess server = await ServerProcess.StartTheirs(arguments, 1, context).ConfigureAwait(false))
            await MeasureAsync("llama-server", server, prompt, answer, arguments.Turns).ConfigureAwait(false);
    }

    private static async Task MeasureAsync(string name, ServerProcess server, int prompt, int answer, int turns)
    {
        using ChatClient chat = new(server.Address);
        await chat.AskAsync(Prompts.Question(16, 16, seed: 9), 4).ConfigureAwait(false);

        JsonArray messages = [Prompts.Message("user", Prompts.Text(prompt, seed: 2))];
        Answer first = await chat.AskAsync(messages, answer).ConfigureAwait(false);
        messages.Add(Prompts.Message("assistant", first.Text));
        messages.Add(Prompts.Message("user", "And what is the second most frequent word?"));
        Answer second = await chat.AskAsync(messages, answer).ConfigureAwait(false);
        Console.WriteLine(
            $"{name}, second turn: {first.PromptTokens} tokens, first token after {first.Seconds[0]:F2} s; then "
                + $"{second.PromptTokens} tokens, {second.CachedTokens} cached, {second.Seconds[0]:F3} s = "
                + $"{second.Seconds[0] / first.Seconds[0]:P1}");

        // As a coding agent goes: long instructions, a question, then calls and what tools say, each turn a request with all before it.
        messages = [Prompts.Message("system", Prompts.Text(prompt, seed: 3)), Prompts.Message("user", Prompts.Text(60, seed: 4))];
        long all = 0, cached = 0;
        for (int turn = 0; turn < turns; turn++)
        {
            Answer said = await chat.AskAsync(messages, answer).ConfigureAwait(false);
            if (turn > 0)
            {
                all += said.PromptTokens;
                cached += said.CachedTokens;
            }

            string id = $"call_{turn}";
            messages.Add(new JsonObject
            {
                ["role"] = "assistant",
                ["content"] = said.Text,
                ["tool_calls"] = new JsonArray(new JsonObject
                {
                    ["id"] = id,
                    ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = "read", ["arguments"] = $$"""{"path": "src/file{{turn}}.cs"}""" },
                }),
            });
            messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = id, ["content"] = Prompts.Text(120, seed: 100 + turn) });
        }

        Console.WriteLine(
            $"{name}, {turns} turns with tools: {cached} of {all} tokens of the prompts behind the first cached "
                + $"= {(double)cached / all:P1}");
    }
}
