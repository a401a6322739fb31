using System.Text.Json;
using System.Text.Json.Serialization;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>A part of what the assistant says.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TextBlock), "text")]
[JsonDerivedType(typeof(ThinkingBlock), "thinking")]
[JsonDerivedType(typeof(RedactedThinkingBlock), "redacted_thinking")]
[JsonDerivedType(typeof(ToolUseBlock), "tool_use")]
public abstract record ContentBlock;

/// <summary>Text for the user.</summary>
/// <param name="Text">The text; empty where the block begins.</param>
public sealed record TextBlock(string Text) : ContentBlock;

/// <summary>What the model thought.</summary>
/// <param name="Thinking">The thought; empty where the block begins, and where thoughts were asked to be left out.</param>
/// <param name="Signature">Shows this server, when the block is sent back, that the thought is its own.</param>
public sealed record ThinkingBlock(string Thinking, string Signature) : ContentBlock;

/// <summary>What a model elsewhere thought, which nobody else can read.</summary>
/// <param name="Data">Goes back as it came.</param>
public sealed record RedactedThinkingBlock(string Data) : ContentBlock;

/// <summary>A call of a tool that the model asks for.</summary>
/// <param name="Id">Its name, which the tool's result repeats.</param>
/// <param name="Name">Which tool.</param>
/// <param name="Input">The arguments, an object; empty where the block begins.</param>
public sealed record ToolUseBlock(string Id, string Name, JsonElement Input) : ContentBlock
{
    /// <summary>Always the model itself.</summary>
    public ToolCaller Caller { get; } = new();
}

/// <summary>Who calls a tool.</summary>
public sealed record ToolCaller
{
    /// <summary>Always <c>direct</c>: the model.</summary>
    public string Type { get; } = "direct";
}

/// <summary>What is added to a block.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TextDelta), "text_delta")]
[JsonDerivedType(typeof(ThinkingDelta), "thinking_delta")]
[JsonDerivedType(typeof(SignatureDelta), "signature_delta")]
[JsonDerivedType(typeof(InputJsonDelta), "input_json_delta")]
public abstract record BlockDelta;

/// <summary>More text.</summary>
/// <param name="Text">The text.</param>
public sealed record TextDelta(string Text) : BlockDelta;

/// <summary>More of a thought.</summary>
/// <param name="Thinking">The text.</param>
public sealed record ThinkingDelta(string Thinking) : BlockDelta;

/// <summary>The signature of a thought that is whole.</summary>
/// <param name="Signature">The signature.</param>
public sealed record SignatureDelta(string Signature) : BlockDelta;

/// <summary>More of a call's arguments.</summary>
/// <param name="PartialJson">Text that is JSON once the block has ended.</param>
public sealed record InputJsonDelta(string PartialJson) : BlockDelta;
