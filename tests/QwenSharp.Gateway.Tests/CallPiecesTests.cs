using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Tests;

public class CallPiecesTests
{
    [Fact]
    public void Pieces_of_one_call_come_before_the_next_begins()
    {
        AnswerUpdates answer = new("acme");
        answer.BeginCall(0, "a", "f");
        answer.Arguments(0, "{\"x\":");
        answer.BeginCall(1, "b", "g");
        answer.Arguments(1, "{}");
        answer.Arguments(0, "1}");
        answer.Finish(ChatFinishReason.Stop);
        answer.End();
        Assert.Equal(
            ["a:", "a:{\"x\":", "a:1}", "whole a", "b:", "b:{}", "whole b", "tool_calls"],
            answer.Take().Select(Said));
    }

    [Fact]
    public void A_call_is_whole_where_its_arguments_are_and_the_next_begins()
    {
        AnswerUpdates answer = new("acme");
        answer.BeginCall(0, "a", "f");
        answer.Arguments(0, "{}");
        answer.BeginCall(1, "b", "g");
        Assert.Equal(["a:", "a:{}", "whole a", "b:"], answer.Take().Select(Said));
    }

    [Fact]
    public void Arguments_that_are_none_are_an_empty_object()
    {
        AnswerUpdates answer = new("acme");
        answer.Call(0, "a", "f", "");
        Assert.Equal(["a:", "a:{}", "whole a"], answer.Take().Select(Said));
    }

    [Fact]
    public void Ids_that_are_missing_or_given_twice_are_invented()
    {
        AnswerUpdates answer = new("acme");
        answer.Call(0, "", "f", "{}");
        answer.Call(1, "same", "f", "{}");
        answer.Call(2, "same", "f", "{}");
        string[] ids = [.. answer.Take().SelectMany(update => update.Contents.OfType<FunctionCallContent>()).Select(call => call.CallId)];
        Assert.Equal(3, ids.Distinct().Count());
        Assert.All(ids, id => Assert.NotEmpty(id));
        Assert.Equal("same", ids[1]);
    }

    [Fact]
    public void Arguments_that_are_no_object_are_kept_as_they_are()
    {
        AnswerUpdates answer = new("acme");
        answer.Call(0, "a", "f", "{\"x\":");
        FunctionCallContent call = answer.Take().SelectMany(update => update.Contents).OfType<FunctionCallContent>().Single();
        Assert.IsType<JsonException>(call.Exception);
        Assert.Equal("{\"x\":", call.AdditionalProperties![ContentKeys.RawArguments]);
    }

    private static string Said(ChatResponseUpdate update) =>
        CallFragment.Of(update) is { } fragment ? $"{fragment.CallId}:{fragment.Arguments}"
        : update.Contents.OfType<FunctionCallContent>().SingleOrDefault() is { } whole ? $"whole {whole.CallId}"
        : update.FinishReason?.Value ?? "";
}
