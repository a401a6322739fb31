using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Events;

/// <summary>Something that an agent does, told while it works. Each kind of event is a record beside this one.</summary>
public abstract record AgentEvent;

/// <summary>More of an answer's text.</summary>
/// <param name="Text">The next piece.</param>
public sealed record TextDelta(string Text) : AgentEvent;

/// <summary>More of what the model thinks.</summary>
/// <param name="Text">The next piece.</param>
public sealed record ThinkingDelta(string Text) : AgentEvent;

/// <summary>An answer of the model is whole: text, thoughts and calls, as the conversation keeps them.</summary>
/// <param name="Message">The answer.</param>
/// <param name="Usage">Its tokens, the prompt's that were cached among them; null where the endpoint does not say.</param>
/// <param name="Model">Who answered, by the endpoint's word; null where it does not say.</param>
public sealed record TurnEnded(ChatMessage Message, UsageDetails? Usage, string? Model) : AgentEvent;

/// <summary>A tool begins to do what the model called it for.</summary>
/// <param name="CallId">Which call.</param>
/// <param name="Tool">The tool's name.</param>
/// <param name="Arguments">A JSON object.</param>
public sealed record ToolStarted(string CallId, string Tool, JsonElement Arguments) : AgentEvent;

/// <summary>A call has its result, as the model is told it.</summary>
/// <param name="CallId">Which call.</param>
/// <param name="Tool">The tool's name, as the model wrote it.</param>
/// <param name="Result">What it gave, or why it was not done.</param>
public sealed record ToolEnded(string CallId, string Tool, ToolResult Result) : AgentEvent;

/// <summary>A call was not allowed to run; its result says so to the model.</summary>
/// <param name="CallId">Which call.</param>
/// <param name="Tool">The tool's name.</param>
/// <param name="Arguments">A JSON object.</param>
/// <param name="Reason">Why.</param>
public sealed record CallDenied(string CallId, string Tool, JsonElement Arguments, string Reason) : AgentEvent;

/// <summary>A request to the model failed and is sent again.</summary>
/// <param name="Problem">What went wrong.</param>
/// <param name="Attempt">How often it was sent.</param>
/// <param name="Pause">How long it waits before.</param>
public sealed record RequestRetried(string Problem, int Attempt, TimeSpan Pause) : AgentEvent;

/// <summary>
/// The model stopped in the middle of the work (it announced a call and made none, said nothing, or was cut), and was told to go on.
/// </summary>
public sealed record Nudged : AgentEvent;

/// <summary>The conversation came near the end of the context: a summary stands in place of its older part.</summary>
/// <param name="TokensBefore">The tokens that it had, counted or estimated.</param>
/// <param name="TokensAfter">Those that it has, estimated.</param>
public sealed record Compacted(long TokensBefore, long TokensAfter) : AgentEvent;

/// <summary>The end of a prompt's work.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Text">The last answer's text; where the work failed, why.</param>
/// <param name="Turns">How often the model answered.</param>
/// <param name="Usage">The tokens of all requests.</param>
public sealed record AgentDone(AgentOutcome Outcome, string Text, int Turns, UsageDetails Usage) : AgentEvent;
